"""Sentences in which an agent or a user explains: why something failed, how a thing really is, what has to be done.

Each sentence gets points for what makes an explanation (a cause, a condition, a rule, a retraction, a name) and loses
them for what belongs to the moment (plans, offers, reports of what was done, persons, dates, sums). Nothing here knows
any domain.
"""

import re
from typing import Final

from seasoned.rules.lexicon import pattern
from seasoned.rules.prose import Said
from seasoned.rules.safety import is_safe

SENTENCE_CHARS_MAX: Final = 420
_WORDS_MIN: Final = 4
_SHORT_WORDS: Final = 6
_LONG_WORDS: Final = 12
_OPENING_CHARS_MAX: Final = 60

_OPENING_PHRASES: Final = r"""
(?:(?:ah|ok|okay|right|so|hm+|yes|and)[,.!:]? )?
(?:there(?=:)|found (?:it|the (?:cause|culprit|reason|problem|bug|issue))|there it is|there we (?:are|go)
|that(?:'s| is| was) (?:it|why|the (?:reason|cause|problem|culprit|bug|catch|trick|difference|explanation))
|that (?:explains|would explain|does it)(?: it| that| why)?|this (?:explains|is (?:why|because))
|here(?:'s| is) (?:the (?:cause|reason|problem|culprit|catch)|why)|clear now|now (?:it's|it is|i see|i know why)|got it
|i see(?: now| the problem| why)?|as i thought|as (?:suspected|expected|feared)|confirmed
|the (?:real |actual |true |root |likely |whole )?(?:cause|reason|culprit|problem|issue|catch|explanation|trick
|mistake|snag|bug|trouble|difference)
(?: is| was| here is)(?: that| this)?|the (?:real|actual|true|root) (?:cause|reason|problem)|it turns out(?: that)?
|turns out(?: that)?|in fact|actually)
"""
_OPENING_NOUNS: Final = r"""
(?:(?:the )?(?:root )?(?:cause|reason|diagnosis|lesson(?: learned)?|takeaway|note(?: for next time)?|for next time
|for the record|good to know
|worth (?:knowing|noting|remembering)|important|caveat|gotcha|heads[- ]up|why|fix|solution|remedy|cure|workaround))
"""
_OPENER: Final = pattern(rf"{_OPENING_PHRASES}(?=\s*[:,.!;-]|\s+\S)|{_OPENING_NOUNS}\s*:")
_OPENER_STRIP: Final = pattern(rf"{_OPENING_PHRASES}\s*(?:[:,.!;]|\s-)\s*|{_OPENING_NOUNS}\s*:\s*")
_FIELD: Final = re.compile(r"[A-Z][\w/() -]{1,34}:\s")
_CONJUNCTION: Final = re.compile(
    r"(?:and|but|so|then|also|or|yet|however|additionally|unfortunately|therefore|sadly|moreover|furthermore"
    r"|please note that|note that|it (?:seems|appears)(?: that)?)(?=[ ,]),?\s+",
    re.IGNORECASE,
)
LABEL: Final = pattern(
    r"(?:root )?(?:cause|reason|why|lesson|takeaway|learned|learnt|gotcha|caveat|note|diagnosis|problem|issue)s?\s*:\s"
)
FIX_LABEL: Final = pattern(
    r"""(?:the )?(?:fix|fixed|solution|remedy|cure|workaround|correct|resolution|what (?:worked|helped)|changed)
    \s*(?:by|with|in)?\s*:\s"""
)
_RETRACT: Final = pattern(
    r"""\b(?:(?:that|this|it) (?:was|is)(?:n't| not) (?:it|the (?:cause|reason|problem|whole)|\(only\))|so (?:that
    |it) was(?:n't| not) it
    |i misread|i (?:was|got (?:it|that)) wrong|my (?:mistake|bad|error|fault|first (?:reading|guess|idea|try))
    |the mistake was mine
    |was (?:wrong|mistaken|a wrong track)|i (?:overlooked|missed|assumed|forgot)|not what i (?:thought|said)
    |i stand corrected
    |my (?:earlier |previous |own )?(?:report|reading|number|figure|answer|assumption|query|count|total)s?(?: \w+){0,4}
    [ ](?:was|were|is) (?:wrong|off|too))\b"""
)
_CAUSE: Final = pattern(
    r"""\b(?:because|since (?!yester|mon|tues|wednes|thurs|fri|satur|sun|last|the last|\d)|which is why|that's why
    |that is why|the reason
    |due to|caused by|comes? from|came from|therefore|otherwise|or else|means? that|which means|so that|as (?:long
    |soon) as|unless
    |until (?!then)|only (?:when|if|with|after|once|for|from|in|through|by)|even (?:if|when|though)|whenever
    |every time|regardless
    |whether or not|if not|when it|leads? to|results? in|explains|so (?:the|it|they|a|an|every|each|nothing
    |everything|no)\b|hence|thus)"""
)
_RULE: Final = pattern(
    r"""\b(?:needs?|requires?|required|must(?:n't| not)?|has to|have to|should(?:n't| not)?|ought to|can(?:'t|not
    | not)|can only
    |could(?:n't| not)|only|never|always|nothing but|no longer|not allowed|not permitted|isn't (?:allowed|possible
    |supported|available)
    |not (?:possible|supported|available|valid|accepted|refundable|eligible)|(?:does|do)(?:n't| not)|(?:is
    |are)(?:n't| not)
    |refuses?|rejects?|ignores?|expects?|accepts?|allows?|forbids?|excludes?|includes?|counts?|drops?|silently
    |instead of|rather than
    |as well as|is called|are called|is named|lives? in|belongs? to
    |(?:is|are) (?:kept|stored|found|written|held|counted|sent|computed|evaluated|loaded|removed) (?:in|under|on|by
    |at|as|only|lazily|through|with)
    |defaults? to|by default|stands? for|ends? (?:in|with)|starts? (?:in|with|at)|at (?:most|least)|up to
    |limit(?:ed)?|maximum|minimum
    |without|before|in the wrong|double|twice|too (?:big|large|long|old|late|small|early|many|short)
    |no (?!problem|idea|matter|worries|need|doubt|change)\w+|none|neither|nothing|nobody)\b"""
)
_FIRST_PERSON: Final = pattern(r"\b(?:i|i'm|i'll|i'd|i've|me)\b")
_SECOND_PERSON: Final = pattern(
    r"\b(?:you(?! (?:need|must|have to|can|cannot|can't|get))|your|you'd|you're|you'll|yours)\b"
)
_THIRD_PERSON: Final = pattern(r"\b(?:he|she|his|her|hers|him|mr|mrs|ms)\b")
_PLAN: Final = pattern(
    r"""(?:now|then|next|first|second|third|so|and|ok(?:ay)?|meanwhile|also|step \d+)?[,:]? ?
    (?:i'll|i will|i'd|i would|i'm going|i am going|let me|let's|we'll|i can|i could|we can|we could|going to|let us
    |i'd rather|i suggest
    |i propose|i recommend)\b"""
)
_DOING: Final = pattern(
    r"""(?!(?i:(?:every|any|some|no)thing|during|missing)\b)
    (?:(?i:now|then|so|and|first|next|just|second try[:,]|third try[:,]) )?
    [A-Za-z][a-z]{2,14}ing,?[ ](?:the|a|an|it|its|that|this|these|them|both|all|one|to|up|over|out|now|again|each
    |every|on|by|in|into|only|two|my|your|our|`|-|[A-Z_\d])
    (?!(?:\s?\S+[ ]){0,2}(?:is|are|was|needs?|does|must|fails?|gives?|requires?|has)\b)""",
    case=True,
)
_OFFER: Final = pattern(
    r"""\b(?:shall i|should i|would you|do you want|let me know|which one|say the word|feel free|if you (?:want|like
    |wish|prefer)|if you can
    |can you|could you|please (?:confirm|tell|let|check|send|provide|reply)|may i|ok to|happy to|i(?:'ll
    | will)?(?: still)? need (?:your|you|the following|to know|more)|provide (?:me|your|the)|be aware|would like to
    |anything else|your call|go\?|apply\?|ok\?)"""
)
_DONE: Final = pattern(
    r"""(?:done|committed|pushed|sent|saved|applied|deployed|updated|created|added|booked|fixed|ready|noted
    |understood|all set|thanks
    |thank you|you're welcome|good|great|sure|of course|certainly|hello|hi|sorry|apologies|i apologi[sz]e
    |nothing has been|written|posted
    |draft|diff|here (?:is|are)|open:|back:|checked:|plan\b|step \d+|not (?:yet )?(?:committed|pushed|sent)
    |one more thing|unrelated)\b"""
)
_PAST_REPORT: Final = pattern(
    r"""\b(?:i|we)(?:'ve| have)? (?:just |now |also |already )?
    (?:\w+ed|ran|sent|made|put|set|took|wrote|built|did|found|checked|got)\b"""
)
_NAME: Final = pattern(
    r"""`[^`\n]{2,80}`|\b[a-z]+[A-Z]\w+|\b\w+_\w+|\b\w+[-.]\w+[-.\w]*\b|\b[A-Z]{2,}\w*|\b\d+(?:\.\d+)*\b|--?\w[\w-]+
    |(?<!^)\b[A-Z]\w*[a-z]\w*\b|\"[^\"\n]{2,60}\"""",
    case=True,
)
_STATUS: Final = pattern(
    r"""\b(?:[01]?\d|2[0-3]):[0-5]\d\b|\b(?:committed|pushed|merged?|branch|pull request|draft(?:ed)?|not posted
    |tagged|uploaded
    |for (?:your )?review|this (?:morning|afternoon)|today|tomorrow|yesterday)\b|\b(?=[0-9a-f]*\d)[0-9a-f]{7,12}\b
    |\b\d+(?: of |/)\d+\b
    |\b\d+ (?:passed|tests? pass\w*)\b|[$£€]\s?\d|\b\d+(?:[.,]\d+)? ?(?:usd|eur|gbp|chf|dollars?|euros?|pounds?)\b
    |\b(?:january|february|march|april|may|june|july|august|september|october|november|december) \d{1,2}\b
    |\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"""
)
_GUESS: Final = pattern(
    r"""\b(?:if (?:that|so|this)\b|might|may be|maybe|probably|perhaps|possibly|i suspect|i guess|i think
    |looks (?:like|as if)|seems?
    |smells like|evidently|apparently|presumably|one way|could be|should do it|in theory|hopefully|likely)"""
)
_GENERAL: Final = pattern(
    r"\b(?:is|are|has|have|does|do|needs?|means?|takes?|gives?|holds?|counts?|uses?|goes?|comes?|expects?|\w+s)\b"
)
_CONTRAST: Final = pattern(
    r"\b(?:but|not|though|although|while|whereas|however|yet|rather|instead|except|still)\b|, not "
)
_CANNOT: Final = pattern(
    r"""\b(?:can(?:'t|not| not) be|it can't|impossible|not possible|isn't possible|out of reach|no way|the only way
    |only works if
    |not worth it|won't work|cannot|can't|unable to|not able to|refuses|does not allow|doesn't allow|not permitted
    |not allowed|not eligible
    |blocked by|no longer possible)\b"""
)
_REFUSES_ORDER: Final = pattern(
    r"""\b(?:(?:i am|i'm) (?:not following|ignoring|doing none)|i (?:ignore|ignored|won't follow|did not follow
    |didn't follow)
    |(?:not|does not come|doesn't come) from (?:you|us)\b|addressed to (?:ai|agents?|assistants?|me))"""
)
_SECRET: Final = pattern(
    r"""\b(?:tokens?|passwords?|secrets?|credentials?|api keys?)\b.{0,80}\b(?:rotat|revok|renew|leak|expos|printed
    |by the way|elsewhere|clear text|plain text|hidden)
    |\b(?:rotat|revok|leak|expos|echo|show|print|contain)\w*\b.{0,40}
    \b(?:tokens?|passwords?|secrets?|credentials?|api keys?)\b"""
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


def names_something(text: str) -> bool:
    """Whether a sentence holds a name: code, an identifier, an option, a number, a proper noun."""
    return _NAME.search(text) is not None


def offers(text: str) -> bool:
    """Whether a sentence offers or asks something of the user."""
    return _OFFER.search(text) is not None


def is_plan(text: str) -> bool:
    """Whether a sentence says what the agent is about to do."""
    return bool(_PLAN.match(text) or _DOING.match(text)) and not text.rstrip().endswith("?")


def points(sentence: Said) -> float:
    """How much a sentence explains; 0 and less: nothing."""
    text = sentence.text
    core = strip_opener(text)
    if not _may_explain(text, core):
        return 0
    named, length = len(_NAME.findall(core)), len(core.split())
    labelled = bool(LABEL.match(text) or FIX_LABEL.match(text))
    guess = _GUESS.search(core) is not None
    score = 3.0 * (_OPENER.match(text) is not None and not guess) + 2 * labelled
    score += 1 * retracts(text)
    score += 2 * (_CAUSE.search(core) is not None)
    score += min(3.0, 1.5 * len(_RULE.findall(core)))
    score += 1 * (_CONTRAST.search(core) is not None)
    score += min(1.5, 0.5 * named)
    score += 1 * (_GENERAL.search(core) is not None)
    score -= 2 * (_FIELD.match(text) is not None and not labelled and not opens(text))
    score -= 1 * (not named and length < _LONG_WORDS) + 1 * (length < _SHORT_WORDS)
    return score - _of_the_moment(core) - 1.5 * guess


def _may_explain(text: str, core: str) -> bool:
    if len(text) > SENTENCE_CHARS_MAX or text.endswith("?") or len(core.split()) < _WORDS_MIN or not is_safe(text):
        return False
    if _OFFER.search(text) or _REFUSES_ORDER.search(text) or _SECRET.search(text):
        return False
    if _DONE.match(text) and not LABEL.match(text) and not FIX_LABEL.match(text):
        return False
    return not (retracts(core) and ": " not in core)


def _of_the_moment(core: str) -> float:
    """What a sentence loses for being about this case only."""
    loss = 3.0 * is_plan(core) + min(3.0, 1.5 * len(_STATUS.findall(core)))
    loss += 1.5 * (_PAST_REPORT.search(core) is not None)
    loss += 1 * (_FIRST_PERSON.search(core) is not None)
    loss += 1.5 * (_SECOND_PERSON.search(core) is not None)
    loss += 2 * (_THIRD_PERSON.search(core) is not None)
    return loss


def strip_opener(text: str) -> str:
    """The sentence without "That's it:", "And" and the like, with a capital."""
    cut = _OPENER_STRIP.match(text)
    rest = text[cut.end() :] if cut else text
    colon = rest.find(": ")
    if 0 < colon < _OPENING_CHARS_MAX and retracts(rest[:colon]):
        rest = rest[colon + 2 :]
    joined = _CONJUNCTION.match(rest)
    return capital(rest[joined.end() :] if joined else rest)


def capital(text: str) -> str:
    """The text with a capital at its beginning, unless it begins with code."""
    head = text.split(" ", 1)[0].rstrip(",.:;")
    return text[:1].upper() + text[1:] if head.isalpha() and head.islower() else text
