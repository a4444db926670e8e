"""Sentences in which an agent or a user explains: why something failed, how a thing really is, what has to be done.

Each sentence gets points for what makes an explanation (a cause, a condition, a rule, a retraction, a name) and loses
them for what belongs to the moment (plans, offers, reports of what was done). Nothing here knows any domain.
"""

import re

from seasoned.llm.rules.prose import Said
from seasoned.llm.rules.safety import is_safe

SENTENCE_CHARS_MAX = 420
_WORDS_MIN = 4
_LONG_WORDS = 12

_OPENER_WORDS = (
    r"(?:ah[,!.]? |ok(?:ay)?[,.!:]? |right[,.!:]? |so[, ]|hm+[,.]? |yes[,.:]? |and )?(?:found (?:it|the (?:cause|culprit|reason|problem|bug|issue))|there it is|there we (?:are|go)|that(?:'s| is| was) (?:it|why|the (?:reason|cause|problem|culprit|bug|catch|trick|difference|explanation))"
    r"|that (?:explains|would explain|does it)(?: it| that| why)?|this (?:explains|is (?:why|because))|here(?:'s| is) (?:the (?:cause|reason|problem|culprit|catch)|why)|clear now|now (?:it's|it is|i see|i know why)|got it|i see(?: now| the problem| why)?|as i thought|as (?:suspected|expected|feared)"
    r"|confirmed|the (?:real |actual |true |root |likely |whole )?(?:cause|reason|culprit|problem|issue|catch|explanation|trick|mistake|snag|bug|trouble|difference)(?: is| was| here is)?(?: that| this)?|root cause|cause|reason|diagnosis|it turns out(?: that)?|turns out(?: that)?|in fact|actually"
    r"|lesson(?: learned)?|takeaway|note(?: for next time)?|for next time|for the record|worth (?:knowing|noting|remembering)|good to know|important|caveat|gotcha|heads[- ]up|why|fix|solution|remedy|cure|workaround)"
)
_OPENER = re.compile(_OPENER_WORDS + r"(?=\s*[:,.!;-]|\s+\S)", re.I)
_OPENER_STRIP = re.compile(_OPENER_WORDS + r"\s*(?:[:,.!;]|\s-)\s*", re.I)
LABEL = re.compile(
    r"(?:root )?(?:cause|reason|why|lesson|takeaway|learned|learnt|gotcha|caveat|note|diagnosis|problem|issue)s?\s*:\s",
    re.I,
)
FIX_LABEL = re.compile(
    r"(?:the )?(?:fix|fixed|solution|remedy|cure|workaround|correct|resolution|what (?:worked|helped)|changed)\s*(?:by|with|in)?\s*:\s",
    re.I,
)
_RETRACT = re.compile(
    r"\b(?:(?:that|this|it) (?:was|is)(?:n't| not) (?:it|the (?:cause|reason|problem|whole)|\(only\))|so (?:that|it) was(?:n't| not) it|i misread|i (?:was|got (?:it|that)) wrong|my (?:mistake|bad|error|fault|first (?:reading|guess|idea|try))|the mistake was mine|was (?:wrong|mistaken|a wrong track)|i (?:overlooked|missed|assumed|forgot)"
    r"|not what i (?:thought|said)|i stand corrected|my (?:earlier |previous |own )?(?:report|reading|number|figure|answer|assumption|query|count|total)s?(?: \w+){0,4} (?:was|were|is) (?:wrong|off|too))\b",
    re.I,
)
_CAUSE = re.compile(
    r"\b(?:because|since (?!(?:yester|mon|tues|wednes|thurs|fri|satur|sun|last|the last|\d))|which is why|that's why|that is why|the reason|due to|caused by|comes? from|came from|therefore|otherwise|or else|means? that|which means|so that|as (?:long|soon) as|unless|until (?!then)|only (?:when|if|with|after|once|for|from|in|through|by)"
    r"|even (?:if|when|though)|whenever|every time|regardless|whether or not|if not|when it|leads? to|results? in|explains|so (?:the|it|they|a|an|every|each|nothing|everything|no)\b|hence|thus|as it)",
    re.I,
)
_RULE = re.compile(
    r"\b(?:needs?|requires?|required|must(?:n't| not)?|has to|have to|should(?:n't| not)?|ought to|can(?:'t|not| not)|can only|could(?:n't| not)|only|never|always|nothing but|no longer|not allowed|not permitted|isn't (?:allowed|possible|supported|available)|not (?:possible|supported|available|valid|accepted|refundable|eligible)|(?:does|do)(?:n't| not)|(?:is|are)(?:n't| not)"
    r"|refuses?|rejects?|ignores?|expects?|accepts?|allows?|forbids?|excludes?|includes?|counts?|drops?|silently|instead of|rather than|not in|as well as|is called|are called|is named|lives? in|belongs? to|(?:is|are) (?:kept|stored|found|written|held|counted|sent|computed|evaluated|loaded|removed) (?:in|under|on|by|at|as|only|lazily|through|with)|defaults? to|by default|stands? for|ends? (?:in|with)|starts? (?:in|with|at)"
    r"|at (?:most|least)|up to|limit(?:ed)?|maximum|minimum|without|before|in the wrong|double|twice|too (?:big|large|long|old|late|small|early|many|short))\b",
    re.I,
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i'll|i'd|i've|me)\b", re.I)
_SECOND_PERSON = re.compile(r"\b(?:you|your|you'd|you're|you'll)\b", re.I)
_PLAN = re.compile(
    r"(?:now|then|next|first|second|third|so|and|ok(?:ay)?|meanwhile|also|step \d+)?[,:]? ?(?:i'll|i will|i'd|i would|i'm going|i am going|let me|let's|we'll|i can|i could|we can|we could|going to|let us|i'd rather|i suggest|i propose|i recommend)\b",
    re.I,
)
_DOING = re.compile(
    r"(?!(?i:(?:every|any|some|no)thing|during|missing)\b)(?:[Nn]ow |[Tt]hen |[Ss]o |[Aa]nd |[Ff]irst |[Nn]ext |[Jj]ust |[Ss]econd try[:,] |[Tt]hird try[:,] )?[A-Za-z][a-z]{2,14}ing,?"
    r" (?:the|a|an|it|its|that|this|these|them|both|all|one|to|up|over|out|now|again|each|every|on|by|in|into|only|two|my|your|our|`|-|[A-Z_\d])(?!.{0,60}\b(?:is|are|was|needs?|does|must|fails?|gives?|requires?|has)\b)"
)
_OFFER = re.compile(
    r"\b(?:shall i|should i|would you|do you want|let me know|which one|say the word|feel free|if you (?:want|like|wish|prefer)|if you can|can you|could you|please (?:confirm|tell|let|check|send|provide|reply)|may i|ok to|happy to|anything else|your call)\b",
    re.I,
)
_DONE = re.compile(
    r"^(?:done|committed|pushed|sent|saved|applied|deployed|updated|created|added|booked|fixed|ready|noted|understood|all set|thanks|thank you|you're welcome|good|great|sure|of course|certainly|hello|hi|sorry|apologies|i apologi[sz]e|nothing has been|written|posted|draft|here (?:is|are)|open:|back:|checked:)\b",
    re.I,
)
_PAST_REPORT = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:just |now |also |already )?(?:\w+ed|ran|sent|made|put|set|took|wrote|built|did|found|checked|got)\b",
    re.I,
)
_NAME = re.compile(
    r"`[^`\n]{2,80}`|\b[a-z]+[A-Z]\w+|\b\w+_\w+|\b\w+[-.]\w+[-.\w]*\b|\b[A-Z]{2,}\w*|\b\d+(?:\.\d+)*\b|--?\w[\w-]+|\b[A-Z]\w*[a-z]\w*\b(?<!^.)|\"[^\"\n]{2,60}\""
)
_STATUS = re.compile(
    r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b|\b(?:committed|pushed|merged?|branch|pull request|draft(?:ed)?|not posted|tagged|uploaded|for (?:your )?review)\b|\b[0-9a-f]{7,12}\b(?<=\d)|\b\d+(?: of |/)\d+\b|\b\d+ (?:passed|tests? pass\w*)\b",
    re.I,
)
_GUESS = re.compile(
    r"\b(?:if (?:that|so|this)\b|might|may be|maybe|probably|perhaps|possibly|i suspect|i guess|i think|looks (?:like|as if)|seems?|smells like|evidently|apparently|presumably|one way|could be|should do it|in theory|hopefully)",
    re.I,
)
_GENERAL = re.compile(
    r"\b(?:is|are|has|have|does|do|needs?|means?|takes?|gives?|holds?|counts?|lists?|uses?|goes?|comes?|expects?|\w+s)\b"
)
_CONTRAST = re.compile(
    r"\b(?:but|not|though|although|while|whereas|however|yet|rather|instead|except|still)\b|, not ", re.I
)
_CANNOT = re.compile(
    r"\b(?:can(?:'t|not| not) be|it can't|impossible|not possible|isn't possible|out of reach|no way|the only way|only works if|not worth it|won't work|cannot|can't|unable to|not able to|refuses|does not allow|doesn't allow|not permitted|not allowed|not eligible|blocked by)\b",
    re.I,
)


def retracts(text: str) -> bool:
    """Whether a sentence takes back what was said before."""
    return _RETRACT.search(text) is not None


def opens(text: str) -> bool:
    """Whether a sentence announces an explanation ("That's it: ...")."""
    return _OPENER.match(text) is not None


def cannot(text: str) -> bool:
    """Whether a sentence says that something is impossible or refused."""
    return _CANNOT.search(text) is not None


def is_plan(text: str) -> bool:
    """Whether a sentence says what the agent is about to do."""
    return bool(_PLAN.match(text) or _DOING.match(text)) and not text.rstrip().endswith("?")


def offers(text: str) -> bool:
    """Whether a sentence offers or asks something of the user."""
    return _OFFER.search(text) is not None


def points(sentence: Said) -> float:
    """How much a sentence explains; 0 and less: nothing."""
    text = sentence.text
    if len(text) > SENTENCE_CHARS_MAX or text.endswith("?") or not is_safe(text):
        return 0
    core = strip_opener(text)
    if len(core.split()) < _WORDS_MIN or _OFFER.search(text):
        return 0
    if _DONE.match(text) and not LABEL.match(text) and not FIX_LABEL.match(text):
        return 0
    taken_back = _RETRACT.search(core)
    if taken_back and ": " not in core:
        return 0
    named = len(_NAME.findall(core))
    score = 0.0
    score += 3 if _OPENER.match(text) else 0
    score += 1 if taken_back or _RETRACT.search(text) else 0
    score -= 1 if not named and len(core.split()) < _LONG_WORDS else 0
    score += 2 if _CAUSE.search(core) else 0
    score += min(3.0, 1.5 * len(_RULE.findall(core)))
    score += 1 if _CONTRAST.search(core) else 0
    score += min(1.5, 0.5 * named)
    score += 1 if _GENERAL.search(core) else 0
    score += 2 if LABEL.match(text) or FIX_LABEL.match(text) else 0
    score -= 3 if is_plan(core) else 0
    score -= min(3.0, 1.5 * len(_STATUS.findall(core)))
    score -= 1.5 if _PAST_REPORT.search(core) else 0
    score -= 1.5 if _GUESS.search(core) else 0
    score -= 1 if _FIRST_PERSON.search(core) else 0
    score -= 1 if _SECOND_PERSON.search(core) else 0
    return score


def strip_opener(text: str) -> str:
    """The sentence without "That's it:" and the like, with a capital."""
    cut = _OPENER_STRIP.match(text)
    rest = text[cut.end() :] if cut else text
    colon = rest.find(": ")
    if 0 < colon < 60 and _RETRACT.search(rest[:colon]):  # noqa: PLR2004
        rest = rest[colon + 2 :]
    return capital(rest)


def capital(text: str) -> str:
    """The text with a capital at its beginning, unless it begins with code."""
    head = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if head.isalpha() and head.islower() else text
