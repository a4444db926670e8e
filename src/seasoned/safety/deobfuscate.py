"""What a text says once its disguise is off: look-alike letters, spacing, leetspeak, and codes that anybody can read.

A view is the same text made comparable, in small letters with plain words; what a code hides is a text of its own. All
of it costs about as much as the text is long, since what is decoded is bounded by what it was decoded from.
"""

import base64
import binascii
import html
import re
import unicodedata
import urllib.parse
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Final

# How many codes of a text are looked into, and how long a plain text must be to matter.
CODES_MAX: Final = 200
HIDDEN_CHARS_MIN: Final = 12
PRINTABLE_MIN: Final = 0.9

_IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
# Accents and strokes over letters; the marks of scripts that cannot do without them stay.
_MARKS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_OTHER_SCRIPT: Final = re.compile("[\u0370-\u04ff\u0561-\u0587]")
_MIXED: Final = re.compile(r"(?=\w{0,60}[a-z])(?=\w{0,60}[\u0370-\u04ff\u0561-\u0587])\w{2,60}")
_LOOK_ALIKE: Final = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнтгпαεικνορτυχγωհոսց",
    "aeopcyxijshdqwbkmhtrnaeikvoptuxywhnug",
)
_LEET: Final = str.maketrans("0134578@!", "oieastbai")
_LEET_WORD: Final = re.compile(r"(?=\D{0,40}[0134578@!])(?=[^a-z]{0,40}[a-z])[\w@!]{3,40}[.,:;?]?")
_SIGNS: Final = ".,:;!?"
_APART: Final = re.compile(r"(?<![^\W_])[^\W_](?P<gap>[ .*_-])(?:[^\W_](?P=gap)){1,60}[^\W_](?![^\W_])")
_INNER: Final = re.compile(r"(?<=\w)[.](?=\w)")
_OTHER_SIGNS: Final = re.compile(r"[^\w.,:;!?@<>]+|_+")
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,6}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){10,}|(?:[0-9A-F]{2}){10,}")
_BASE32: Final = re.compile(r"[A-Z2-7]{20,}={0,6}")
_ESCAPE: Final = re.compile(r"\\u\{?([0-9A-Fa-f]{4,5})\}?|\\x([0-9A-Fa-f]{2})")
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_NUMBERS: Final = re.compile(r"(?<!\d)(?:\d{2,3}[ ,]{1,3}){11,}\d{2,3}(?!\d)")
_BITS: Final = re.compile(r"(?<!\d)(?:[01]{8}[ ,]{0,2}){8,}")
_ESCAPES_MIN: Final = 8
_CHAR_MAX: Final = 0x10FFFF


def plain(text: str) -> str:
    """The words of a text in small letters, without accents and look-alikes; of the signs only those of sentences."""
    if text.isascii():
        small = text.lower()
    else:
        visible = _IGNORABLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
        bare = _MARKS.sub("", unicodedata.normalize("NFD", visible))
        small = unicodedata.normalize("NFC", bare)
        if _OTHER_SCRIPT.search(small):
            small = _MIXED.sub(lambda match: match.group().translate(_LOOK_ALIKE), small)
    if _APART.search(small):
        small = _APART.sub(lambda match: match.group().replace(match["gap"], ""), small)
    return " ".join(_OTHER_SIGNS.sub(" ", _INNER.sub(" ", small)).split())


def without_leet(plain_text: str, telling: Container[str]) -> str:
    """A plain view with digits read as the letters they stand for; empty when that brings no telling word."""
    marked = {word for word in plain_text.split() if _LEET_WORD.fullmatch(word)}
    if not any(word.translate(_LEET).strip(_SIGNS) in telling for word in marked):
        return ""
    return " ".join(word.translate(_LEET) if word in marked else word for word in plain_text.split())


def hidden(text: str) -> Iterator[str]:
    """The texts that a text holds in a code: base64, base32, hex, escapes, entities, numbers."""
    # One after the other, so that a text is looked through again once, not once for each.
    shown = urllib.parse.unquote(text) if len(_PERCENT.findall(text)) >= _ESCAPES_MIN else text
    shown = _escapes(html.unescape(shown) if "&lt;" in shown or "&#" in shown else shown)
    if shown != text:
        yield shown
    for pattern, base in ((_NUMBERS, 10), (_BITS, 2)):
        for match in _first(pattern, text):
            yield from _readable(_numbers(match.group(), base))
    yield from (inner for _, inner in decoded_tokens(text))


def decoded_tokens(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The words of a text that are hex, base32 or base64 of a text, with what they say."""
    for match in _first(_TOKEN, text):
        for data in _decoded(match.group()):
            yield from ((match, inner) for inner in _readable(data))


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, match in enumerate(pattern.finditer(text)):
        if count >= CODES_MAX:
            return
        yield match


def _escapes(text: str) -> str:
    if text.count("\\u") + text.count("\\x") < _ESCAPES_MIN:
        return text
    return _ESCAPE.sub(lambda match: _char(int(match[1] or match[2], 16)), text)


def _char(code: int) -> str:
    return chr(code) if code <= _CHAR_MAX and not 0xD800 <= code < 0xE000 else ""  # noqa: PLR2004 - the surrogates


def _numbers(text: str, base: int) -> bytes:
    digits = re.findall(r"[01]{8}" if base == 2 else r"\d{2,3}", text)  # noqa: PLR2004 - bits, or decimal numbers
    codes = [int(one, base) for one in digits]
    return bytes(code for code in codes if code < 256)  # noqa: PLR2004 - what a byte holds


def _decoded(token: str) -> Iterator[bytes]:
    """What a word is the code of, in hex, base32 and base64."""
    bare = token.rstrip("=")
    if _HEX.fullmatch(token):
        yield bytes.fromhex(token)
    # What is cut off in the middle of a group still shows what stands before.
    whole = bare[: len(bare) - (len(bare) % 4 == 1)]
    with suppress(binascii.Error):
        yield base64.b32decode(bare + "=" * (-len(bare) % 8)) if _BASE32.fullmatch(token) else b""
    with suppress(binascii.Error):
        yield base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4))


def _readable(data: bytes) -> Iterator[str]:
    """The bytes as text, when they are one."""
    if len(data) < HIDDEN_CHARS_MIN:
        return
    text = data.decode("utf-8", errors="replace")
    good = sum(1 for c in text if (c.isprintable() and c != "\ufffd") or c in "\n\t")
    if good >= PRINTABLE_MIN * len(text):
        yield text
