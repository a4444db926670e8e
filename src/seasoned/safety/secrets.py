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
from seasoned.safety.rules import SecretRule

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
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
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
    small = text.lower()
    occurs: dict[str, bool] = {"": True}
    for rule in rules.secrets():
        if rule.keywords and not any(keyword in small for keyword in rule.keywords):
            continue
        if rule.needs not in occurs:
            occurs[rule.needs] = rules.secret_names()[rule.needs].search(text) is not None
        if occurs[rule.needs]:
            yield from find_by(rule, text)
    for token, inner in deobfuscate.decoded_tokens(text):
        if contains_secret(inner):
            yield Span(*token.span(), "encoded")


def find_by(rule: SecretRule, text: str) -> Iterator[Span]:
    """The secrets that one rule finds."""
    check = _CHECKS[rule.check]
    if rule.is_re2:
        yield from (span for span in _tokens(rule, text) if _is_token(rule, text[span.start : span.end]))
    elif "quoted" in rule.compiled.groupindex:
        yield from _values(rule, text, check)
    else:
        yield from (Span(*match.span("secret"), rule.kind) for match in rule.compiled.finditer(text) if check(match))


def _values(rule: SecretRule, text: str, check: Callable[[re.Match[str]], bool]) -> Iterator[Span]:
    """What is given to a secret's name. A match ends where the value begins, since a value may hold the next name."""
    covered = 0
    for match in rule.compiled.finditer(text):
        group = "bare" if match["quoted"] is None else "quoted"
        start, end = match.span(group)
        if start < covered or not check(match):
            continue
        more = rules.secret_names()[f"more_{group}"].match(text, end)
        covered = more.end() if more else end
        if group == "bare":
            covered = start + len(text[start:covered].rstrip(".,:;!?"))
        yield Span(start, covered, rule.kind)


def _tokens(rule: SecretRule, text: str) -> Iterator[Span]:
    """What a pattern of a vendor's finds: its first group that took part, or all of it."""
    # RE2 reads UTF-8, in which halves of characters cannot be written.
    whole = text if text.isascii() else text.encode(errors="replace").decode()
    for match in rules.re2_finder(rule.pattern)(whole):
        group = next((number for number, found in enumerate(match.groups(), start=1) if found), 0)
        start, end = match.span(group)
        yield Span(start, end, rule.kind)


def _is_token(rule: SecretRule, value: str) -> bool:
    return _entropy(value) >= rule.entropy_min and not _is_drawn(value) and not value.endswith("EXAMPLE")


def _entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _value(match: re.Match[str]) -> str:
    found: Mapping[str, str | None] = match.groupdict()
    return found.get("secret") or found.get("quoted") or found.get("bare") or ""


def _is_named(name: str, value: str) -> bool:
    """Whether a value is as a whole what a pattern of the rules' file describes."""
    return rules.secret_names()[name].fullmatch(value) is not None


def _is_template(value: str) -> bool:
    """Whether it stands for a value that is filled in elsewhere."""
    return _is_named("template", value)


def _is_strong(match: re.Match[str]) -> bool:
    """Whether what is given to the name is a secret unless it is a word."""
    return rules.secret_names()["strong"].fullmatch(match.string, *match.span("key")) is not None


def _is_assigned(match: re.Match[str]) -> bool:
    start, after, value = match.start("key"), _after(match), _value(match)
    if rules.secret_names()["harmless"].search(match.string, max(0, start - BEFORE_CHARS), start):
        return False
    if match["quote"]:
        if after in (" ", "\t") and _is_plain(value):
            return False
    else:
        if after in ("(", "[", "{") or _is_expression(value):
            return False
        value = value.rstrip(".,:;!?")
    return _fits_key(match, value)


def _is_stated(match: re.Match[str]) -> bool:
    """In a sentence any word may follow, so that an unquoted value must look like no word at all."""
    value = _value(match)
    if match["quote"] and _after(match) in ("'", '"', "`", "\\"):
        return _fits_key(match, value)
    value = value.rstrip(".,:;!?")
    if len(value) < VALUE_CHARS_MIN or _after(match) in ("(", "[", "{") or _is_expression(value):
        return False
    return _is_random(value) or (_is_mingled(value) and _is_strong(match))


def _is_expression(value: str) -> bool:
    """Whether it is a piece of code that names a value: `settings.api_key`."""
    return _is_named("expression", value) and _is_plain(value)


def _after(match: re.Match[str]) -> str:
    """The character behind a match's value; empty at the end."""
    end = match.end("bare" if match["quoted"] is None else "quoted")
    return match.string[end : end + 1]


def _fits_key(match: re.Match[str], value: str) -> bool:
    """Whether a value is a secret given the name that it has: a password may be any non-word, a token looks random."""
    if len(value) < VALUE_CHARS_MIN or _is_template(value):
        return False
    if _is_strong(match):
        return _is_no_word(value)
    return _is_random(value, mixed=not any(map(str.isdigit, value)))


def _is_no_word(value: str) -> bool:
    return not _is_template(value) and not _is_name(value) and not value.isalpha()


def _is_mingled(value: str) -> bool:
    """Whether it has letters, and digits that number nothing: `Sommer2026`, `drei rote Fische 7!`."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    odd = digits > 1 or _NUMBERED.fullmatch(value) or not _ODD.isdisjoint(value) or _CAMEL.search(value)
    return letters > 1 and digits > 0 and bool(odd) and not _is_named("algorithm", value) and _is_no_word(value)


def _is_spaced(match: re.Match[str]) -> bool:
    """Whether a quoted value of several words is a secret: some of it is random, or all of it is a passphrase."""
    words = match["secret"].split()
    if match["key"].lower() == "passphrase":
        return len(words) >= PASSPHRASE_WORDS_MIN
    value = match["secret"]
    # A rule about passwords has digits too, but neither signs nor capitals.
    odd = any(map(str.isdigit, value)) and (not _ODD.isdisjoint(value) or value[1:] != value[1:].lower())
    return odd or any(len(word) >= VALUE_CHARS_MIN and _is_random(word) for word in words)


def _is_meant(match: re.Match[str]) -> bool:
    """Whether a random word is the key or token that a word before it speaks of."""
    return (
        _has_three_kinds(match["secret"])
        and not _is_plain(match["secret"])
        and not rules.secret_names()["other"].search(
            match.string, max(0, match.start() - BEFORE_CHARS), match.start("secret")
        )
    )


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
    if _is_template(value) or _UUID.fullmatch(value) or _is_drawn(value):
        return False
    signs = _SIGN.search(value) is not None
    kinds = signs + sum(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))
    return (signs or not _is_plain(value)) and kinds >= (3 if mixed else 2)


def _is_name(value: str) -> bool:
    """Whether it names a secret rather than being one: `db_password`, `my-token`."""
    pieces = _SPLIT.split(value)
    return all(map(str.isalpha, pieces)) and any(_is_named("naming", piece) for piece in pieces)


def _has_three_kinds(value: str) -> bool:
    kinds = all(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))
    return kinds and not _is_template(value) and not _is_drawn(value)


def _is_vendors(match: re.Match[str]) -> bool:
    # Only `live` is said of nothing but keys; image tags and the names of tests carry the other words too.
    return _is_random(match["rest"]) and (match["stage"] == "live" or _has_three_kinds(match["rest"]))


def _is_card(match: re.Match[str]) -> bool:
    """Luhn's check (ISO/IEC 7812-1), and an issuer's first digit."""
    digits = [int(c) for c in match["secret"] if c.isdigit()]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]  # noqa: PLR2004
    return digits[0] in (2, 3, 4, 5, 6) and sum(doubled) % 10 == 0


# By the names that the rules use.
_CHECKS: Final[Mapping[str, Callable[[re.Match[str]], bool]]] = {
    "": lambda _: True,
    "any": lambda match: not _is_template(match["secret"]) and not _is_drawn(match["secret"]),
    "assigned": _is_assigned,
    "card": _is_card,
    "command": lambda match: _is_random(_value(match)),
    "meant": _is_meant,
    "mingled": lambda match: _is_mingled(match["secret"]),
    "mingled_signs": lambda match: _is_mingled(match["secret"]) and _is_random(match["secret"], mixed=True),
    "mixed": lambda match: _is_random(match["secret"], mixed=True),
    "no_word": lambda match: _is_no_word(match["secret"]),
    "random": lambda match: _is_random(match["secret"]),
    "rest_random": lambda match: _is_random(match["rest"]),
    "spaced": _is_spaced,
    "stated": _is_stated,
    "three_kinds": lambda match: _has_three_kinds(match["secret"]),
    "url_password": lambda match: not _is_template(match["secret"]) and not _is_named("naming", match["secret"]),
    "vendor": _is_vendors,
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
