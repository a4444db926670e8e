"""What a text is about, as a set of words; and which known statement a new one overtakes."""

import re
from collections.abc import Sequence

from seasoned.rules.lasting import LASTING
from seasoned.rules.text import key_words, listed, numbers, plain

_PLURAL_CHARS_MIN = 4
_STEM_CHARS_MIN = 3
_NAMED_MIN = 2
_SHARED_MIN = 3
_NAMED_WEIGHT, _DIFFERS_WEIGHT = 3.0, 0.5
_LEFT_WORDS_MIN = 3

_EMPTY = listed("go over out get got two three same other month week because under like about")


_SHORT_KEYS_MAX = 6
# "Use X instead" names no old value, but it is the same matter.
_INSTEAD = re.compile(r"\binstead\b(?! of)|\bon second thoughts?\b|\bchanged my mind\b")
_NEGATED_VALUE = re.compile(
    r"\b(?:no more|no longer|not|instead of|rather than|forget(?: about)?|stop(?: using| with)?|drop"
    r"|in place of|without|away from|scrap|never mind|was|used to be)\s+(?:the |my |our |your |any "
    r"|that )?(?:old |previous |earlier )?((?:[\w£$€.+#-]+ ?){1,4})"
)


_PASSED_VALUE = re.compile(
    r"((?:[\w£$€.+#-]+ ){1,3})(?:is|are|has been|was|got|goes|went) (?:now |already "
    r"|officially )?(?:deleted|gone|dead|history|obsolete|outdated"
    r"|deprecated|retired|removed|replaced|over|no more|not valid|invalid|out of date|away|off|dropped)\b"
)


def _negated_values(quote: str) -> set[str]:
    """The words of values that a statement says are no longer true: "no more PNG", "forget the £75"."""
    low = plain(quote).lower()
    return {
        key
        for pattern in (_NEGATED_VALUE, _PASSED_VALUE)
        for found in pattern.finditer(low)
        for key in key_words(found.group(1))
    }


def overtaken(text: str, quote: str, known: Sequence[str]) -> str:
    """The known statement that `text` overtakes: the same matter with another value; empty when there is none."""
    said, new_numbers = key_words(quote), numbers(text)
    changes = LASTING["changes"].said(quote.lower())
    dropped, low = _negated_values(quote), quote.lower()
    best, best_score = "", 0.0
    for old in known:
        keys = key_words(old)
        if not keys or old.strip().lower() == text.strip().lower():
            continue
        if not keys & said:
            continue
        old_numbers = numbers(old)
        shared = (keys & said) - old_numbers - _EMPTY
        named = len(keys & dropped) >= _NAMED_MIN or (bool(keys & dropped) and bool((keys & said) - dropped))
        differs = bool(old_numbers) and bool(new_numbers) and not old_numbers & new_numbers
        score = (
            len(shared)
            + (_NAMED_WEIGHT * len(keys & dropped) if named else 0.0)
            + (_DIFFERS_WEIGHT if differs else 0.0)
        )
        alike = len(shared) >= _SHARED_MIN and 2 * len(shared) >= len(keys)
        instead = _INSTEAD.search(low) is not None and bool(shared) and len(keys) <= _SHORT_KEYS_MAX
        other_value = differs and len(shared) >= (_NAMED_MIN if changes else _SHARED_MIN)
        enough = named or instead or other_value or (changes and alike)
        if enough and score >= best_score:
            best, best_score = old, score
    return best


_OLD_CLAUSE = re.compile(
    r"[,;]?\s*\b(?:(?:and|so|but|please) )?(?:(?:you|we) (?:may|can|could|should) (?:now )?)?(?:no more"
    r"|no longer|not|instead of|rather than"
    r"|forget(?: about)?|in place of|down from|up from|was|used to be)\b [^,.;:]*",
    re.IGNORECASE,
)


def without_old(text: str, replaced: str) -> str:
    """A statement without the clauses that only name the value it overtakes."""
    old = key_words(replaced)

    def cut(found: re.Match[str]) -> str:
        rest = text[: found.start()] + text[found.end() :]
        return "" if key_words(found.group()) & old - key_words(rest) else found.group()

    shorter = re.sub(r",? instead$", "", _OLD_CLAUSE.sub(cut, text).strip(" ,;"))
    return shorter if len(shorter.split()) >= _LEFT_WORDS_MIN else text
