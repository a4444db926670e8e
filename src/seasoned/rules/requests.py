"""What makes a sentence an imperative, a question or a name; and what opens it without meaning."""

import re
from functools import cache, lru_cache

from seasoned.rules.phrases import book, form
from seasoned.rules.text import listed

_TALK = book("talk")
IDENTIFIER = form("requests.identifier")
_FIRST = re.compile(r"[\w-]+(?!['\w-])")
_DO_WHAT = listed("the a an this that both all me us some my our")
_NO_VERB = form("requests.no_verb")


@cache
def verbs() -> frozenset[str]:
    """Verbs that begin an instruction."""
    return _TALK.listed("verbs")


@lru_cache(maxsize=2_048)
def imperative(core: str) -> bool:
    """Whether a clause in lower case, without opening fillers, begins as an instruction."""
    found = _FIRST.match(core)
    if found is None or _NO_VERB.match(core, found.end()):
        return False
    if found[0] == "do":
        return core[found.end() :].strip().partition(" ")[0] in _DO_WHAT
    return found[0] in verbs()


@lru_cache(maxsize=2_048)
def core_of(text: str) -> tuple[str, str]:
    """The opening fillers of a sentence in lower case, and the rest."""
    found = _TALK["lead"].first(text)
    if found is None:
        return "", text
    lead, core = text[: found.end()].strip(), text[found.end() :].strip()
    _TALK.part(text, lead, core)
    return lead, core
