"""Each rule of safety finds the examples that stand beside it, and no rule finds what stands there as harmless."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.safety import deobfuscate, rules
from seasoned.safety.scanner import is_said, scan, written
from seasoned.safety.secrets import Text, find_by, redact

PHRASES = "injection_phrases"
SECRETS = "secrets"
FILES = (PHRASES, "dangerous_commands", "markup", SECRETS)
WORD = re.compile(r"\w+")


def _found(file: str, rule: rules.Rule, text: str) -> bool:
    if file != PHRASES:
        return any(written(text, [rule]))
    if not rule.begins:
        return rule.compiled.search(text) is not None
    plain, begins = deobfuscate.plain(text), set(rule.begins.split())
    return any(is_said(rule, plain, word.start()) for word in WORD.finditer(plain) if word.group() in begins)


def _told(text: str) -> tuple[str, list[str]]:
    """An example as it would be met, and the secrets that are marked in it."""
    whole = text.replace("·", "")
    return whole.replace("«", "").replace("»", ""), re.findall("«([^»]*)»", whole)


def _misses(file: str, rule: rules.Rule) -> Iterator[str]:
    for example in rule.examples:
        if file == SECRETS:
            text, secrets = _told(example)
            spans = [text[span.start : span.end] for span in find_by(rule, Text(text))]
            if not secrets or secrets[-1] not in spans:
                yield f"{example!r} is not found by its rule, which finds {spans}"
            if any(secret in redact(text) for secret in secrets):
                yield f"{example!r} becomes {redact(text)!r}"
        elif not _found(file, rule, example):
            yield f"{example!r} is not found by {rule.pattern}"
        elif rule.reason not in scan(example):
            yield f"{example!r} is held back for {scan(example)} only"


def _alarms(file: str, texts: tuple[str, ...]) -> Iterator[str]:
    for text in (_told(text)[0] for text in texts):
        if file == SECRETS and redact(text) != text:
            yield f"{text!r} becomes {redact(text)!r}"
        elif file != SECRETS and scan(text):
            yield f"{text!r} is held back: {scan(text)}"


@pytest.mark.parametrize("file", FILES)
def test_rules_find_their_examples_and_nothing_harmless(file: str) -> None:
    harmless = dict.fromkeys(text for rule in rules.of(file) for text in rule.harmless)
    wrong = [*_alarms(file, tuple(harmless))]
    for rule in rules.of(file):
        wrong += _misses(file, rule)
        wrong += [] if rule.examples else [f"{rule.pattern} has no example"]
    assert not wrong, "\n".join(wrong)


def test_the_patterns_of_vendors_are_what_re2_takes_and_need_a_word_of_theirs() -> None:
    vendors = rules.of("vendor_tokens")
    assert len(vendors) > 300  # so that nothing was lost on the way
    assert [rule.id for rule in vendors if not rule.keywords] == []
    assert [found for rule in vendors for found in rules.re2_finder(rule.pattern)("")] == []
    assert all(word == word.lower() for rule in rules.of(SECRETS, "vendor_tokens") for word in rule.keywords)


WORDS = [word for rule in rules.of(SECRETS) if rule.at_keyword for word in rule.keywords]
VENDORS = [word for rule in rules.of("vendor_tokens") for word in rule.keywords]
TOLD = [_told(text)[0] for rule in rules.of(SECRETS) for text in (*rule.examples, *rule.harmless)]


@given(
    st.lists(
        st.sampled_from([*WORDS, *TOLD, " ", "\n", "_key=", ": ", "\u0130", "aB3dE5fG7hI9", "[redacted:"]), max_size=12
    )
)
def test_a_pattern_that_begins_at_a_keyword_finds_there_all_that_it_finds(pieces: list[str]) -> None:
    text = Text("".join(pieces))
    for rule in rules.of(SECRETS):
        if rule.at_keyword:
            anywhere = msgspec.structs.replace(rule, at_keyword=False)
            assert list(find_by(rule, text)) == list(find_by(anywhere, text)), rule.pattern


@given(st.lists(st.sampled_from([*VENDORS, *(word[:-1] for word in VENDORS), "x", "\ud800", "\u0130"]), max_size=8))
def test_one_pass_finds_every_keyword_of_a_vendor(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert Text(text).vendor_words() == {word for word in VENDORS if word in text.replace("\u0130", "i")}


@pytest.mark.parametrize("line", ["patern = 'a'", "pattern = '{nothing}'"])
def test_a_slip_in_a_file_is_an_error(line: str) -> None:
    text = f"[[groups]]\nreason = 'x'\n[[groups.rules]]\n{line}\n"
    with pytest.raises((msgspec.ValidationError, KeyError)):
        list(msgspec.toml.decode(text, type=rules.File).rules())
