"""A sentence of the user turned into the third person: "I never push" becomes "The user never pushes".

Deliberately light: pronouns, the verb after them and imperatives change, all other words stay as the user chose them.
"""

import re

from seasoned.rules.requests import imperative, verbs
from seasoned.rules.text import listed

_MODALS = listed(
    "can could will would shall should may might must can't cannot couldn't won't wouldn't shouldn't"
    " mustn't had "
    "did didn't was to"
)
_PAST = listed(
    "got went saw said made found took gave wrote ran left lost kept meant sent told came bought broke had"
    " did "
    "was were built chose knew grew paid sold met won wore spent felt thought"
)
_IRREGULAR = {
    "have": "has",
    "do": "does",
    "am": "is",
    "are": "is",
    "don't": "doesn't",
    "haven't": "hasn't",
    "aren't": "isn't",
    "go": "goes",
    "were": "was",
}
_ADVERBS = listed(
    "always never only usually generally normally often really just also still already mostly mainly rarely "
    "seldom sometimes actually simply strongly typically hardly definitely then ever almost personally"
    " currently "
    "now no longer all both either each"
)
_OBJECT_BEFORE = listed(
    "from to for with by at of about want wants ask asks tell tells give gives show shows let lets expect"
    " need "
    "like on before after than and like without"
)
_COMMANDS = re.compile(
    r"(?:git|ssh|sudo|docker|kubectl|npm|pip|cc|bcc|force-push|hard-?code|reply-all|auto-?\w+|google"
    r"|spare|cold-call|double-book|pre-?\w+|over-?\w+)\b"
)
_REST_WORDS_MIN = 2
_TOPIC_WORDS_MAX = 4
_WISH_WORDS_MAX = 16
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|[^A-Za-z]+")


def inflected(verb: str) -> str:
    """The form after he, she or it: "push" gives "pushes". Past tense and modals stay."""
    low = verb.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if low in _MODALS or low in _PAST or not low.isalpha() or _is_inflected(low):
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    if low.endswith("y") and len(low) > 1 and low[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def _is_inflected(low: str) -> bool:
    """Whether a word has an ending already: past, progressive, or that of the third person ("goes", "likes")."""
    if low in verbs() or low == "need":
        return False
    return low.endswith(("ed", "ing")) or (low.endswith("s") and not low.endswith("ss"))


_SUBJECTS = {"i": "the user", "we": "the user's team", "you": "the agent"}
_SHORT = {"m": "is", "re": "is", "ve": "has", "ll": "will", "d": "would"}
_OTHERS = {
    "me": "the user",
    "my": "the user's",
    "mine": "the user's",
    "myself": "themself",
    "us": "the user's team",
    "our": "the team's",
    "ours": "the team's",
    "ourselves": "themselves",
    "your": "the agent's",
    "yours": "the agent's",
    "yourself": "itself",
}


def _words_after(tokens: list[str], place: int) -> list[int]:
    return [k for k in range(place + 1, min(len(tokens), place + 14)) if tokens[k][0].isalpha()]


def _agree(tokens: list[str], place: int) -> None:
    """Inflects the verb that follows the subject at `place`, stepping over adverbs; stops at punctuation."""
    for k in _words_after(tokens, place)[:4]:
        if any(mark in "".join(tokens[place + 1 : k]) for mark in ",.;:!?("):
            return
        low = tokens[k].lower()
        if low in _ADVERBS or (low.endswith("ly") and low not in verbs() and low not in {"rely", "fly"}):
            continue
        tokens[k] = inflected(tokens[k])
        if low in {"don't", "do"}:
            tokens[k] = "does not" if low == "don't" else "does"
        return


def _is_object(tokens: list[str], place: int) -> bool:
    """Whether "you" at `place` is an object ("from you", "want you to"), so that no verb follows it."""
    after = _words_after(tokens, place)
    gap = "".join(tokens[place + 1 : after[0]]) if after else ""
    if not after or gap.strip():
        return True
    beside = place > 1 and not tokens[place - 1].strip()
    before = [tokens[place - 2].lower()] if beside else []
    return tokens[after[0]].lower() in {"to", "and", "or", "in", "on", "at", "for", "the", "a"} or (
        bool(before)
        and before[-1] in _OBJECT_BEFORE - {"before", "after", "like", "and", "than", "expect", "for", "about"}
    )


def pronouns(text: str) -> str:
    """First and second person turned into "the user" and "the agent", with verbs that agree."""
    tokens = _TOKEN.findall(text)
    for k, piece in enumerate(list(tokens)):
        low = piece.lower()
        stem, _, ending = low.partition("'")
        if low in _OTHERS:
            tokens[k] = _OTHERS[low]
        elif stem in _SUBJECTS and ending in _SHORT:
            tokens[k] = f"{_SUBJECTS[stem]} {_SHORT[ending]}"
        elif low in _SUBJECTS and not ending and (low != "i" or piece == "I" or _alone(tokens, k)):
            if low == "you" and _is_object(tokens, k):
                tokens[k] = "the agent"
                continue
            _agree(tokens, k)
            tokens[k] = _SUBJECTS[low]
    return "".join(tokens)


def _alone(tokens: list[str], place: int) -> bool:
    """Whether a small "i" stands by itself, not as in "i.e." or "i/o"."""
    before = tokens[place - 1][-1:] if place else " "
    after = tokens[place + 1][:1] if place + 1 < len(tokens) else " "
    return before in " (\"'" and after in " ,"


_TIME = re.compile(
    r"(?P<time>(?:(?:from (?:now|here|today|this point)(?: on(?:wards)?)?|going forward|in (?:the )?future"
    r"|henceforth|as of (?:today|now|\w+day|\w+)|in general|generally|by default|as a rule"
    r"|starting (?:today|now|\w+day)|effective (?:today|immediately)|next time|in this (?:project|repo"
    r"|repository|team|house|shop|codebase|company|account)|for (?:every|each|all|any) [^,:]{2,60}|(?:when"
    r"|whenever|every time|each time|any time|if) (?:you|i|we|someone|there|a|an|the"
    r"|it) [^,:]{2,80}))\s*[,:]?\s+)(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_DOUBT = re.compile(
    r"(?P<time>(?:when|if) (?:in doubt|unsure|not sure)),? (?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_CALL = re.compile(r"(?:(?:you can|please|just) )*call me\b", re.IGNORECASE)
_POLITELY = re.compile(
    r"(?:can|could|would|will) you (?:please |kindly |also |be so kind as to )*(?=[a-z])|(?:please "
    r"|kindly )+(?=[a-z])",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"(?:please )?(?:don't|do not|dont|to not|not to)(?: ever)?\s+", re.IGNORECASE)
_DIRECTIVE = re.compile(
    r"(?:please )?(?P<adverb>always|never|only ever|only|just)\s+(?P<rest>.+)", re.IGNORECASE | re.DOTALL
)
_TOLD = re.compile(
    r"you (?:should |must |will |can )?(?P<adverb>always|never|only)\s+(?P<rest>[a-z].+)", re.IGNORECASE | re.DOTALL
)
_SUBJECT_FIRST = re.compile(r"(?:i|i'm|i've|i'd|i'll|we|we're|we've|we'd|we'll|my|our)\b", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:is|are|has|have|do|does|goes?|gets?|must|should|can|may|will|was|were|stays?|remains?|needs?"
    r"|means?|comes?|runs?|uses?|belongs?|lives?|starts?|ends?|never|always|i|you|we|go|gets?|get|wants|insists"
    r"|signs|reads|prints"
    r"|requires?|closes|opens|buys|pays|hates|loves|likes|handles|approves|checks|speaks|works|owns|it's|that's"
    r"|there's|he's|she's"
    r"|knows|takes|accepts|allows|kicks|hosts|chokes|struggles|frowns|begins|keeps|judges|decides|reviews|covers"
    r"|costs|don't|doesn't"
    r"|can't|cannot|won't|isn't|aren't|refuses)\b",
    re.IGNORECASE,
)


_HEAD = re.compile(r"(?P<head>[^,:;]+?)(?:[,:;]\s|\s(?:because|so that|as i|since)\s)", re.IGNORECASE)


def third_person(text: str) -> str:
    """One sentence about the user, capitalised and with a full stop; `text` is a statement without opening fillers."""
    bare = text.strip().rstrip(".!;, ")
    body = _statement(bare) if bare else ""
    body = " ".join(body.split())
    return f"{body[:1].upper()}{body[1:]}." if body else ""


def _statement(text: str) -> str:
    text = _POLITELY.sub("", text.rstrip("?"))
    timed = _DOUBT.match(text) or _TIME.match(text)
    if timed and (len(timed["rest"].split()) >= _REST_WORDS_MIN or _DOUBT.match(text)):
        lead = pronouns(timed["time"]).strip().rstrip(",:")
        return f"{lead}, {_statement(timed['rest'])}"
    called = _CALL.match(text)
    if called:
        return f"the user wants to be called{text[called.end() :]}"
    negative = _NEGATIVE.match(text)
    if negative:
        return f"the user wants the agent not to {pronouns(text[negative.end() :])}"
    directive = _DIRECTIVE.match(text)
    if directive:
        rest, adverb = directive["rest"], directive["adverb"].lower()
        if imperative(rest.lower()) or _COMMANDS.match(rest.lower()):
            return f"the user wants the agent to {adverb} {pronouns(rest)}"
        if not _FINITE.match(rest):
            return f"the user wants {adverb} {pronouns(rest)}"
    told = _TOLD.match(text)
    if told:
        return f"the user wants the agent to {told['adverb'].lower()} {pronouns(told['rest'])}"
    if _SUBJECT_FIRST.match(text):
        return pronouns(text)
    bare = re.sub(r"^please\s+", "", text, flags=re.IGNORECASE)
    if imperative(bare.lower()) or _COMMANDS.match(bare.lower()):
        return f"the user wants the agent to {pronouns(bare)}"
    topic, colon, rest = bare.partition(": ")
    if colon and len(topic.split()) <= _TOPIC_WORDS_MAX:
        return f"for {topic.lower()}, {_statement(rest)}"
    head = _HEAD.match(bare)
    wish = head["head"] if head else bare
    if not _FINITE.search(wish) and 1 <= len(wish.split()) <= _WISH_WORDS_MAX:
        return f"the user wants {pronouns(bare)}"
    return f"the user says: {pronouns(bare)}"
