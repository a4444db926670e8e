"""The topic of a preference, one of a small closed set: the file of facts that it goes into."""

import re

GENERAL = "general"


def _topic(stems: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{stems})", re.IGNORECASE)


# Stems; the topic with most hits wins, the earlier one when they are level.
_TOPICS: dict[str, re.Pattern[str]] = {
    "approvals": _topic(
        r"ask(?:s|ing|ed)? (?:me|the user)|without asking|approv|permission|sign(?:s|ed)? off|go-ahead|push"
        r"|deploy|refund|consent|on (?:its|their) own\b|may not\b|(?:me|user|us) first\b|spend"
    ),
    "coding-preferences": _topic(
        r"code\b|coding|commit|branch|git\b|python|typescript|java|rust\b|lint|formatter|indent|tests?\b"
        r"|function|variable|imports?\b|dependenc|packages?\b|librar|framework|sql\b|quer(?:y|ies)\b|repo"
        r"|api\b|refactor|diffs?\b|columns\b(?= in code)|to \d+ columns|spaces\b|tabs\b"
    ),
    "communication": _topic(
        r"e?-?mails?\b|repl(?:y|ies)|answer|messages?\b|emoji|exclamation|tone\b|short\b|brief|bullet"
        r"|paragraph|summar|words?\b|spelling|english|german|french|spanish|portuguese|write[sn]?\b|draft"
        r"|language|subject|explain|guess|called\b|sentence|letters?\b|posts?\b|address(?:ed|es)? (?:me|as)"
    ),
    "presentation": _topic(
        r"charts?\b|plots?\b|tables?\b|colou?r|dots?\b|graphs?\b|decimal|digits|round|currenc|units?\b"
        r"|slides?\b|figures?\b|timings?|png\b|svg\b|pdf\b|metric|dates?\b|fonts?\b"
    ),
    "scheduling": _topic(
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|meeting|calendar|mornings?\b|afternoons?\b"
        r"|evenings?\b|o'clock|time ?zone|times? in\b|utc\b|holiday|hours\b|schedul|weekend|deadline|weeks?\b"
        r"|\d ?(?:am|pm)\b|noon"
    ),
    "people": _topic(
        r"manager|boss|wife|husband|partner|colleague|assistant|deputy|has the desk|daughter|son\b|head of"
        r"|sister|brother"
    ),
    "personal": _topic(
        r"name is|lives?\b|allerg|vegan|vegetarian|blind|birthday|diet|pronoun|deaf|handed"
        r"|works (?:as|at|in|for|from)|engineer|dyslexi|intoleran|(?:is|'s) an? \w+(?:er|or|ist)\b"
    ),
    "tools": _topic(
        r"us(?:e|es|ing)\b|tools?\b|editor|shell|runs?\b|version|server|database|linux|windows|mac(?:os)?\b"
        r"|docker|software|apps?\b|browser|terminal"
    ),
}


def topic_of(text: str) -> str:
    """The kebab-case topic of a statement in the third person."""
    hits = {topic: len(pattern.findall(text)) for topic, pattern in _TOPICS.items()}
    best = max(hits, key=lambda topic: hits[topic])
    return best if hits[best] else GENERAL
