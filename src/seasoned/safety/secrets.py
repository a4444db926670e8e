"""Finding secrets in text and putting `[redacted:kind]` in their place.

Most is said by rules (`data/secrets.toml`, `data/vendor_tokens.toml`): where to look, and which check here decides.
Ids, hashes and digests are left alone.

Text may be megabytes of hostile input, so each pattern is linear: its repetitions are bounded, or end the pattern, or
cannot start again inside themselves; what comes from elsewhere is run by RE2.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from seasoned.safety import deobfuscate, rules
from seasoned.safety.rules import Rule

# What a text begins with that goes on with a private key.
OPEN_KEY: Final = "-----BEGIN " + "PRIVATE KEY-----\n"
VALUE_CHARS_MIN: Final = 6
KEY_BLOCK_CHARS_MAX: Final = 40_000
PEM_LINE_CHARS_MAX: Final = 120
ROUNDS_MAX: Final = 8
# How much of what stands before a secret's name or value is looked at.
BEFORE_CHARS: Final = 24
PASSPHRASE_WORDS_MIN: Final = 4

_MARKER: Final = re.compile(r"\[redacted:[a-z-]{1,20}\]")
_PEM: Final = re.compile(
    r"-----(?P<which>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\bPrivate-Lines: ?\d{1,4}"
)
_PEM_BODY: Final = re.compile(r"[A-Za-z0-9+/=]{16}")
_PEM_LINE: Final = re.compile(r"(?:\s|\\[nrt]){0,8}(?:[A-Za-z0-9+/]{16,100}|[A-Za-z0-9+/]{1,100}={1,2})(?![\w.,=+/-])")
_PEM_WHOLE: Final = re.compile(r"[ \t>|]{0,8}(?:[A-Za-z0-9+/]{16,100}={0,2}|[A-Za-z0-9+/]{1,15}={1,2})\s{0,4}")
_PIECE: Final = re.compile(r"[^\W\d_]+\d{0,4}|\d*[a-z]{0,3}")
_SPLIT: Final = re.compile(r"[_\-.:/=,;+'’]+")
_NUMBERED: Final = re.compile(r"[^\W\d_]{2,}\d{1,4}")
_CAMEL: Final = re.compile(r"[a-z\d][A-Z]")
_ODD: Final = frozenset("!#$%&*+=@?^~")
_SIGN: Final = re.compile(r"[^\w\s.,:;'’/=()\[\]<>{}|?!*…–—→-]|[!*]\w")


class Span(NamedTuple):
    """A secret's place in a text."""

    start: int
    end: int
    kind: str


def redact(text: str) -> str:
    """The text with every secret replaced by `[redacted:kind]`. Redacting again changes nothing."""
    return redact_pieces((text,))[0]


def redact_pieces(pieces: Sequence[str]) -> Sequence[str]:
    """The pieces of one text, redacted as a whole; the marker of a secret stands where it begins."""
    # A secret that is gone may uncover another one beside it, so the search goes on until nothing is found.
    for _ in range(ROUNDS_MAX):
        text = "".join(pieces)
        spans = _merge(_find(text))
        if not spans:
            break
        pieces = list(_marked(text, pieces, spans))
    return pieces


def _marked(text: str, pieces: Sequence[str], spans: Sequence[Span]) -> Iterator[str]:
    position = end = 0
    left = deque(spans)
    for piece in pieces:
        end += len(piece)
        kept = []
        while left and left[0].start < end:
            span = left.popleft()
            kept += [text[position : span.start], f"[redacted:{span.kind}]"]
            position = span.end
        kept.append(text[position:end])
        position = max(position, end)
        yield "".join(kept)


def contains_secret(text: str) -> bool:
    """Whether redacting would change the text."""
    return next(_find(text), None) is not None


def _find(text: str) -> Iterator[Span]:
    """Every secret, in no order; spans may overlap each other, but never a marker that stands in the text already."""
    if "[redacted:" not in text:
        yield from _candidates(text)
        return
    for span in _candidates(text):
        # A marker that the span touches begins at most its own length before it.
        if not any(
            found.end() > span.start
            for found in _MARKER.finditer(text, max(0, span.start - 32), span.end + 32)
            if found.start() < span.end
        ):
            yield span


def _candidates(text: str) -> Iterator[Span]:
    yield from _private_keys(text)
    whole = Text(text)
    for rule in rules.of("secrets"):
        if whole.holds_any(rule.keywords) and whole.holds_any(rule.needs):
            yield from find_by(rule, whole)
    if words := whole.vendor_words():
        vendors = (rule for rule in rules.of("vendor_tokens") if not words.isdisjoint(rule.keywords))
        yield from (span for rule in vendors for span in find_by(rule, whole))
    for token, inner in deobfuscate.decoded_tokens(text):
        if contains_secret(inner):
            yield Span(*token.span(), "encoded")


class Text:
    """A text, and where words stand in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        # No other letter becomes longer, so that a place in one is the same place in the other.
        self._small = text.replace("\u0130", "i").lower()
        self._places: dict[tuple[str, ...], list[int]] = {}

    def holds_any(self, words: Sequence[str]) -> bool:
        return not words or any(map(self._small.__contains__, words))

    def vendor_words(self) -> set[str]:
        """The keywords of vendors' rules that occur: one pass finds some, and what may begin inside those is tried."""
        found = {match.group() for match in rules.re2_finder(rules.vendor_words())(_encodable(self._small))}
        return found | {other for word in found for other in rules.vendor_words_in(word) if other in self._small}

    def places(self, words: tuple[str, ...]) -> list[int]:
        """Where one of some words begins, in order."""
        if words not in self._places:
            self._places[words] = sorted({place for word in words for place in _occurrences(self._small, word)})
        return self._places[words]


def _encodable(text: str) -> str:
    """The text for RE2, which reads UTF-8, in which halves of characters cannot be written."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _occurrences(text: str, word: str) -> Iterator[int]:
    place = text.find(word)
    while place != -1:
        yield place
        place = text.find(word, place + 1)


def find_by(rule: Rule, text: Text) -> Iterator[Span]:
    """The secrets that one rule finds."""
    if rule.is_re2:
        yield from _tokens(rule, text)
        return
    covered = 0
    for match in _matches(rule, text):
        start, end, value = _value(match)
        if start < covered or not _CHECKS[rule.check](match, value):
            continue
        if "quoted" in match.re.groupindex:
            # A match ends where the value begins, since a value may hold the next name.
            is_bare = match["quoted"] is None
            more = rules.named("more_bare" if is_bare else "more_quoted").match(text.text, end)
            covered = end = more.end() if more else end
            if is_bare:
                covered = end = start + len(text.text[start:end].rstrip(".,:;!?"))
        yield Span(start, end, rule.kind)


def _matches(rule: Rule, text: Text) -> Iterator[re.Match[str]]:
    """What `finditer` would find; a pattern that begins at a keyword is tried there only."""
    if not rule.at_keyword:
        yield from rule.compiled.finditer(text.text)
        return
    end = 0
    for place in text.places(rule.keywords):
        if place >= end and (match := rule.compiled.match(text.text, place)):
            end = match.end()
            yield match


def _tokens(rule: Rule, text: Text) -> Iterator[Span]:
    """What a pattern of a vendor's finds: its first group that took part, or all of it."""
    for match in rules.re2_finder(rule.pattern)(_encodable(text.text)):
        group = next((number for number, found in enumerate(match.groups(), start=1) if found), 0)
        value = match[group]
        if _entropy(value) >= rule.entropy_min and not _is_drawn(value) and not value.endswith("EXAMPLE"):
            yield Span(*match.span(group), rule.kind)


def _entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _value(match: re.Match[str]) -> tuple[int, int, str]:
    """Where a value stands, and what of it tells whether it is a secret."""
    groups = match.re.groupindex
    group = "secret" if "secret" in groups else "bare" if match["quoted"] is None else "quoted"
    return *match.span(group), match["rest" if "rest" in groups else group]


def _is(name: str, value: str) -> bool:
    """Whether a value is as a whole what a pattern of the rules' file describes."""
    return rules.named(name).fullmatch(value) is not None


def _has_before(name: str, match: re.Match[str], group: str) -> bool:
    """Whether something stands before a group of a match, or from there to its start."""
    start = match.start("key") if name == "harmless" else match.start()
    return rules.named(name).search(match.string, max(0, start - BEFORE_CHARS), match.start(group)) is not None


def _is_strong(match: re.Match[str]) -> bool:
    """Whether what is given to the name is a secret unless it is a word."""
    return rules.named("strong").fullmatch(match.string, *match.span("key")) is not None


def _is_assigned(match: re.Match[str], value: str) -> bool:
    after = _after(match)
    if _has_before("harmless", match, "key") or (match["quote"] and after in (" ", "\t") and _is_plain(value)):
        return False
    if match["quote"]:
        return _fits_key(match, value)
    return after not in ("(", "[", "{") and not _is_expression(value) and _fits_key(match, value.rstrip(".,:;!?"))


def _is_stated(match: re.Match[str], value: str) -> bool:
    """In a sentence any word may follow, so that an unquoted value must look like no word at all."""
    after = _after(match)
    if match["quote"] and after in ("'", '"', "`", "\\"):
        return _fits_key(match, value)
    value = value.rstrip(".,:;!?")
    if len(value) < VALUE_CHARS_MIN or after in ("(", "[", "{") or _is_expression(value):
        return False
    return _is_random(value) or (_is_mingled(value) and _is_strong(match))


def _is_expression(value: str) -> bool:
    """Whether it is a piece of code that names a value: `settings.api_key`."""
    return _is("expression", value) and _is_plain(value)


def _after(match: re.Match[str]) -> str:
    """The character behind a match's value; empty at the end."""
    end = match.end("bare" if match["quoted"] is None else "quoted")
    return match.string[end : end + 1]


def _fits_key(match: re.Match[str], value: str) -> bool:
    """Whether a value is a secret given the name that it has: a password may be any non-word, a token looks random."""
    if len(value) < VALUE_CHARS_MIN:
        return False
    if _is_strong(match):
        return _is_no_word(value)
    return _is_random(value, mixed=not any(map(str.isdigit, value)))


def _is_no_word(value: str) -> bool:
    """Whether it is neither a word, nor the name of a secret: `db_password`, `my-token`."""
    pieces = _SPLIT.split(value)
    is_name = all(map(str.isalpha, pieces)) and any(_is("naming", piece) for piece in pieces)
    return not _is("template", value) and not is_name and not value.isalpha()


def _is_mingled(value: str) -> bool:
    """Whether it has letters, and digits that number nothing: `Sommer2026`, `drei rote Fische 7!`."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    odd = digits > 1 or _NUMBERED.fullmatch(value) or not _ODD.isdisjoint(value) or _CAMEL.search(value)
    return letters > 1 and digits > 0 and bool(odd) and not _is("algorithm", value) and _is_no_word(value)


def _is_spaced(match: re.Match[str], value: str) -> bool:
    """Whether a quoted value of several words is a secret: some of it is random, or all of it is a passphrase."""
    words = value.split()
    if match["key"].lower() == "passphrase":
        return len(words) >= PASSPHRASE_WORDS_MIN
    # A rule about passwords has digits too, but neither signs nor capitals.
    odd = any(map(str.isdigit, value)) and (not _ODD.isdisjoint(value) or value[1:] != value[1:].lower())
    return odd or any(len(word) >= VALUE_CHARS_MIN and _is_random(word) for word in words)


def _is_drawn(value: str) -> bool:
    """Whether it is the picture of a secret: `ghp_xxxxxxxx`."""
    pieces = re.split(r"[^A-Za-z0-9*.]", value)
    most = max(map(len, pieces))
    longest = "".join(piece for piece in pieces if len(piece) == most)
    return len(set(longest)) <= 2  # noqa: PLR2004 - one character, perhaps two in turn


def _is_plain(value: str) -> bool:
    """Whether it is made of words and small numbers, as names, versions and prose are."""
    return all(_PIECE.fullmatch(piece) for piece in _SPLIT.split(value))


def _is_random(value: str, *, mixed: bool = False) -> bool:
    """Whether no reading as words explains it: letters and digits mingled, or signs that words do not have.

    With `mixed` it must also have all but one of digits, capitals, small letters and signs.
    """
    if _is("template", value) or _is("uuid", value) or _is_drawn(value):
        return False
    signs = _SIGN.search(value) is not None
    return (signs or not _is_plain(value)) and signs + _kinds(value) >= (3 if mixed else 2)


def _kinds(value: str) -> int:
    """How many of digits, capitals and small letters it has."""
    return sum(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))


def _has_three_kinds(value: str) -> bool:
    return _kinds(value) == 3 and not _is("template", value) and not _is_drawn(value)  # noqa: PLR2004 - of three


def _is_card(value: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1), and an issuer's first digit."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]  # noqa: PLR2004
    return digits[0] in (2, 3, 4, 5, 6) and sum(doubled) % 10 == 0


def _is_iban(value: str) -> bool:
    """The check digits of ISO 13616: moved to the end and read as a number, letters from 10, modulo 97 it is 1."""
    signs = "".join(c for c in value if c.isalnum())
    return int("".join(str(int(c, 36)) for c in signs[4:] + signs[:4])) % 97 == 1


# By the names that the rules use.
_CHECKS: Final[Mapping[str, Callable[[re.Match[str], str], bool]]] = {
    "": lambda *_: True,
    "any": lambda _, value: not _is("template", value) and not _is_drawn(value),
    "assigned": _is_assigned,
    "card": lambda _, value: _is_card(value),
    "iban": lambda _, value: _is_iban(value),
    # A random word is the key or token that a word before it speaks of.
    "meant": lambda match, value: (
        _has_three_kinds(value) and not _is_plain(value) and not _has_before("other", match, "secret")
    ),
    "mingled": lambda _, value: _is_mingled(value),
    "mingled_signs": lambda _, value: _is_mingled(value) and _is_random(value, mixed=True),
    "mixed": lambda _, value: _is_random(value, mixed=True),
    "no_word": lambda _, value: _is_no_word(value),
    "random": lambda _, value: _is_random(value),
    "spaced": _is_spaced,
    "stated": _is_stated,
    "three_kinds": lambda _, value: _has_three_kinds(value),
    "url_password": lambda _, value: not _is("template", value) and not _is("naming", value),
    # Only `live` is said of nothing but keys; image tags and the names of tests carry the other words too.
    "vendor": lambda match, value: _is_random(value) and (match["stage"] == "live" or _has_three_kinds(value)),
}


def _private_keys(text: str) -> Iterator[Span]:
    """Key blocks with their frame. Without a beginning or an end, a block reaches as far as its lines look like one."""
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return
    position, is_open = 0, False
    for fence in _PEM.finditer(text):
        if fence["which"] == "END":
            start = position if is_open and fence.end() - position <= KEY_BLOCK_CHARS_MAX else _body_start(text, fence)
            if _PEM_BODY.search(text, start, fence.start()):
                yield Span(start, fence.end(), "private-key")
        else:
            end = _body_end(text, fence.end())
            if _PEM_BODY.search(text, fence.end(), end):
                yield Span(fence.start(), end, "private-key")
        position, is_open = fence.start(), fence["which"] == "BEGIN"


def _body_end(text: str, start: int) -> int:
    end = start
    while (line := _PEM_LINE.match(text, end)) and end - start < KEY_BLOCK_CHARS_MAX:
        end = line.end()
    return end


def _body_start(text: str, fence: re.Match[str]) -> int:
    start = fence.start()
    while (found := text.rfind("\n", max(0, start - PEM_LINE_CHARS_MAX), start)) != -1:
        before = text.rfind("\n", max(0, found - PEM_LINE_CHARS_MAX), found) + 1
        if not _PEM_WHOLE.fullmatch(text, before, found) or fence.start() - before > KEY_BLOCK_CHARS_MAX:
            break
        start = before
    return start


def is_open_key(text: str) -> bool:
    """Whether a text ends inside a private key, so that the next text may go on with it."""
    fence = text.rfind("-----BEGIN")
    return fence > text.rfind("-----END") and next(_private_keys(text[fence:]), None) is not None


def _merge(found: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged
