"""What a person says about the agent's work: a complaint (a symptom) or a correction with its reason (a lesson)."""

import re
from typing import Final

from seasoned.rules.insights import points
from seasoned.rules.prose import Said
from seasoned.rules.safety import is_safe, masked

EXPLANATION_CHARS_MAX: Final = 360
NEIGHBOUR_WORDS_MIN: Final = 3
CORRECTION_POINTS_MIN: Final = 4.0
_COMPLAINT_WORDS_MIN: Final = 3
_CORRECTION_WORDS_MIN: Final = 6
_LOOKED_AT: Final = 5

_PLAINLY_WRONG = re.compile(
    r"\b(?:wrong|fails?|failed|failing|failure|broken|broke|doesn't|does not|didn't|isn't|wasn't|can't|cannot"
    r"|won't|errors?|denied|missing"
    r"|crash\w*|hang\w*|hung|slow|stuck|no longer|refus\w+|reject\w+|disappear\w*|lost|stale|off by|paged|bounced"
    r"|flaky|timed? ?out|red"
    r"|different (?:file|number|result|value)\w*|doubled?|duplicate\w*|leak\w*|weird|odd|strange|down)\b",
    re.IGNORECASE,
)
_COMPLAINS = re.compile(
    r"\b(?:still|again|not (?:work|right|what|the|in|there|possible)|twice|complain\w*|different|oops|hm+|late"
    r"|didn't you)\b",
    re.IGNORECASE,
)
GRATEFUL = re.compile(
    r"(?:ok(?:ay)?|yes|yep|yeah|sure|go|good|great|perfect|thanks?|thank you|thx|ta|lovely|nice|cool|fine|works?"
    r"|brilliant|excellent|right"
    r"|do it|apply|confirmed|agreed|sounds|please do|fair enough|awesome|super)\b",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"(?:oh |ah |hm+[,.]? |well[,.]? |sorry[,.]? |but |ugh[,.]? |ok(?:ay)?[,.]? )?(?:no\b(?! (?:problem|worries"
    r"|rush|need|thanks|idea|hurry|emoji))|nope"
    r"|not (?!bad|yet|sure)|wrong|stop\b|wait\b|careful|that(?:'s| is) (?:not|wrong|incorrect|the wrong)"
    r"|that isn't|this is wrong|actually"
    r"|you (?:forgot|missed|took|used|mixed|misread|misunderstood|can't|mustn't)|don't (?!worry|bother)|rather"
    r"|almost|close|nearly"
    r"|leave it|forget it|drop it)",
    re.IGNORECASE,
)
_GIVES_UP = re.compile(
    r"(?:ok(?:ay)?|right|hm+|ugh|fine|oh well)?[,. ]*(?:leave it|forget it|drop it|never mind|no problem)\b",
    re.IGNORECASE,
)
_REASONS = re.compile(
    r"\b(?:because|since|so that|otherwise|instead|only|must|have to|has to|needs?|never|always|goes? (?:with|to"
    r"|over|through|into)|belongs?|counts?"
    r"|rather than|not (?:in|on|from|through|to|the|a|with|by)|is(?:n't| not)|are(?:n't| not)|doesn't|don't"
    r"|means?|comes? (?:from|out))\b|, not ",
    re.IGNORECASE,
)
_OF_THEMSELVES = re.compile(r"(?:[^\s]+ ){0,9}(?:i|i'm|i'll|i'd|i've)\b", re.IGNORECASE)
_PREFERENCE = re.compile(
    r"\b(?:from now on|as of (?:now|today)|please|i (?:want|prefer|like|hate|need|don't)|for me|call me|my name"
    r"|no emoji|every time you"
    r"|before you|ask me|tell me|show me|give me)\b",
    re.IGNORECASE,
)


def is_grateful(sentences: list[Said]) -> bool:
    """Whether a message begins by agreeing or thanking."""
    return bool(sentences) and GRATEFUL.match(sentences[0].text) is not None


def complaint(sentences: list[Said], *, asked: bool) -> Said | None:
    """The first sentence that says that something is wrong; None when there is none. `asked`: it is the request itself,
    which has to say so plainly."""
    if is_grateful(sentences) and len(sentences) <= 2:  # noqa: PLR2004
        return None
    return next((one for one in sentences if _is_complaint(one.text, asked=asked)), None)


def _is_complaint(text: str, *, asked: bool) -> bool:
    if len(text.split()) < _COMPLAINT_WORDS_MIN or GRATEFUL.match(text) or masked(text) != text:
        return False
    asked = asked or text.endswith("?")
    wrong = bool(_PLAINLY_WRONG.search(text)) or (not asked and bool(_COMPLAINS.search(text)))
    return wrong and is_safe(text)


def correction(sentences: list[Said]) -> tuple[list[Said], int, float] | None:
    """The sentences in which the user corrects the agent and says what is right: (sentences, the telling one, points).

    "No, that's wrong" alone teaches nothing; a sentence with a rule, a reason or what to use instead must follow.
    """
    start = next((i for i, one in enumerate(sentences) if _CORRECTS.match(one.text)), None)
    if start is None:
        return None
    best, best_points = -1, CORRECTION_POINTS_MIN
    for index in range(start, min(len(sentences), start + _LOOKED_AT)):
        text = sentences[index].text
        value = points(sentences[index]) + (2 if _REASONS.search(text) else -3)
        value -= 2 * bool(_PREFERENCE.search(text))
        if _OF_THEMSELVES.match(text) or len(text.split()) < _CORRECTION_WORDS_MIN:
            continue
        if value >= best_points:
            best, best_points = index, value
    if best < 0:
        return None
    first = best - 1 if best > start and not _GIVES_UP.match(sentences[best - 1].text) else best
    kept = fit(sentences[first : best + 2], best - first)
    return kept, kept.index(sentences[best]), best_points


def fit(chosen: list[Said], core: int) -> list[Said]:
    """The sentences around a core one that fit together into an explanation's length."""
    kept = {core}
    room = EXPLANATION_CHARS_MAX - len(chosen[core].text)
    for index in (core - 1, core + 1, core + 2, core - 2):
        if not 0 <= index < len(chosen):
            continue
        near = chosen[index].text
        if len(near) < room and len(near.split()) >= NEIGHBOUR_WORDS_MIN and not near.endswith("?") and is_safe(near):
            kept.add(index)
            room -= len(near) + 1
    return [chosen[index] for index in sorted(kept)]


def without_giving_up(text: str) -> str:
    """The sentence without "ok, leave it then" before it."""
    found = _GIVES_UP.match(text)
    rest = re.sub(r"\A(?: then)?[\s.,:;-]*", "", text[found.end() :]) if found else text
    return rest or text
