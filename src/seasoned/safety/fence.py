"""Untrusted text in prompts: inside a fence whose delimiter does not occur in the text, so that it cannot get out."""

import hashlib
import re
import unicodedata

TRIES_MAX = 1_000
_LEFT_OUT = re.compile(r" \[\.\.\. (\d{1,9}) characters left out \.\.\.\] ")


def fence(text: str) -> str:
    """The text between two lines that cannot occur in it in any writing; the same text gives the same fence."""
    # Full-width digits and capitals read the same to a model.
    seen = unicodedata.normalize("NFKC", text).casefold()
    for attempt in range(TRIES_MAX):
        mark = hashlib.sha256(f"{attempt}\0{text}".encode(errors="surrogatepass")).hexdigest()[:16]
        if mark not in seen and mark not in text:
            break
    return f"<data {mark}>\n{text}\n</data {mark}>"


def elide(text: str, chars_max: int) -> str:
    """A text of about `chars_max` characters: the middle goes, since errors stand at the end.

    Shortened again, it counts what was left out in all: an earlier gap lies within the new one.
    """
    if len(text) <= chars_max:
        return text
    head, tail = chars_max // 3, chars_max - chars_max // 3
    gone = text[head : len(text) - tail]
    count = len(gone) + sum(int(gap[1]) - len(gap[0]) for gap in _LEFT_OUT.finditer(gone))
    return f"{text[:head]} [... {count} characters left out ...] {text[len(text) - tail :]}"
