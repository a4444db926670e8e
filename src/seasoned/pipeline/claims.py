"""What an entry forbids or demands of calls, as far as its words name tools or commands and set no condition.

Read strictly: a sentence that says more than "never CALL" or "CALL before CALL" claims nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from seasoned.contrast import Call

CLAIMS_MAX: Final = 20
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n")
_RECORD: Final = re.compile(r"\s*- (?:Symptom|Cause|Seen|Suspected|But): ")
_CODE: Final = re.compile(r"`([^`\n]{2,200})`")
_LEAD: Final = r"[\s#>*-]*(?:(?:correct|rule|fix|note)\**:\**\s*)?(?:(?:you|agents|the agent)\s+)?"
_VERB: Final = r"(?:(?:call|use|run|send|make|try|pass|invoke|execute|issue|calling|using|running)\s+)?"
_ARTICLE: Final = r"(?:(?:the|a|an|any|tool|command)\s+)*"
_FORBIDS: Final = re.compile(
    rf"{_LEAD}(?:never|do not|don't|must not|must never|avoid|is not allowed to|are not allowed to|not:)"
    rf"\s+{_VERB}{_ARTICLE}`",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"\bbefore\s+(?:(?:calling|using|running|you call|you run|any|the|each|every)\s+)*`([^`\n]{2,200})`", re.IGNORECASE
)
_DEMANDS: Final = re.compile(r"\b(?:always|must|first|required|never)\b", re.IGNORECASE)
_LIST: Final = re.compile(r"\s*(?:,|/|(?:,\s*)?\b(?:and|or|nor)\b)\s*\Z")
_ENDS: Final = re.compile(
    r"\s*(?:tool\b|command\b)?\s*(?:\Z|[.!;,:]|[—–]|\bbecause\b|\bsince\b|\binstead\b)", re.IGNORECASE
)
_CONDITION: Final = re.compile(
    r"\b(?:if|when|whenever|unless|once|until|while|except|where|only|in case|otherwise)\b", re.IGNORECASE
)
_NARROWS: Final = re.compile(r"\b(?:with|without|for|on|in|after|during|outside|inside|as long as)\b", re.IGNORECASE)
_NEUTRAL_TEXT = "always avoid before call calls calling command commands first must never rule rules tool tools using"
_NEUTRAL: Final = frozenset(_NEUTRAL_TEXT.split())
_WORD: Final = re.compile(r"[a-z]{4,}")
_VALUE: Final = re.compile(r"([A-Za-z_]\w*)\s*[=:]\s*\"?([^\s,\"})]+)")


class Claim(msgspec.Struct, frozen=True):
    """A call that is forbidden, or that has to come before another one."""

    code: str
    before: str = ""

    def is_broken_by(self, made: tuple[Call, ...], worked: frozenset[Call]) -> bool:
        """Whether a run did what is forbidden, or what comes too early, and it worked."""
        for place, call in enumerate(made):
            if fits(self.before or self.code, call) and call in worked:
                return not self.before or not any(fits(self.code, one) for one in made[:place])
        return False


def claims(text: str) -> tuple[Claim, ...]:
    """What an entry forbids and demands without a condition; at most CLAIMS_MAX."""
    lines = "\n".join(line for line in text.split("\n") if not _RECORD.match(line))
    head = lines.split("\n", 1)[0]
    heading = _CODE.sub("", head) if head.startswith("#") else ""
    if _CONDITION.search(_CODE.sub("", lines)) or _NARROWS.search(heading):
        return ()
    found = (claim for sentence in _SENTENCE.split(lines) for claim in _of_sentence(sentence))
    return tuple(claim for _, claim in zip(range(CLAIMS_MAX), found, strict=False))


def is_scoped(text: str) -> bool:
    """Whether an entry's heading may narrow it: it has words that its body has not."""
    head, _, body = text.partition("\n")
    words = _WORD.findall(head.lower()) if head.startswith("#") else []
    return any(word not in _NEUTRAL and word.removesuffix("s") not in body.lower() for word in words)


def _of_sentence(sentence: str) -> Iterator[Claim]:
    rest = _CODE.sub("", sentence)
    codes = list(_CODE.finditer(sentence))
    if not codes or _NARROWS.search(rest):
        return
    later = _BEFORE.search(sentence)
    if later is not None:
        is_plain = len(codes) == 2 and codes[1].span(1) == later.span(1) and _ENDS.match(sentence, later.end())  # noqa: PLR2004 - a pair
        if is_plain and _FORBIDS.match(sentence):
            # "Never A before B" demands B before A.
            yield Claim(later[1], codes[0][1])
        elif is_plain and _DEMANDS.search(rest):
            yield Claim(codes[0][1], later[1])
    elif (forbids := _FORBIDS.match(sentence)) is not None and "before" not in rest.lower():
        yield from _forbidden(sentence, codes, forbids.end() - 1)


def _forbidden(sentence: str, codes: list[re.Match[str]], start: int) -> Iterator[Claim]:
    """The pieces of code that stand in a list after the word that forbids them, if the sentence ends there."""
    chosen: list[re.Match[str]] = []
    for found in (one for one in codes if one.start() >= start):
        if chosen and not _LIST.match(sentence[chosen[-1].end() : found.start()]):
            break
        chosen.append(found)
    if chosen and _ENDS.match(sentence, chosen[-1].end()):
        yield from (Claim(found[1]) for found in chosen)


def fits(code: str, call: Call) -> bool:
    """Whether a call is what a piece of code names: its tool with the arguments that are given, or its command."""
    values = call.values()
    words = code.split()
    tool = re.split(r"[\s({]", code, maxsplit=1)[0]
    if tool == call.tool:
        given = code[len(tool) :]
        wanted = _VALUE.findall(given)
        is_whole = bool(wanted) or not given.strip(" (){}")
        return is_whole and all(str(values.get(name)).lower() == value.lower().strip("'`") for name, value in wanted)
    command = next((text for key in ("command", "cmd") if isinstance(text := values.get(key), str)), "")
    return len(words) > 1 and bool(command) and f" {' '.join(words)} " in f" {' '.join(command.split())} "
