"""Looking for text that must not become part of a skill by itself: orders to agents, traps and hidden characters.

What is learned comes from messages, and messages are written by anybody. The scanner errs on the side of holding back: a
line that it flags is not lost, its lesson stays with the reason.
"""

import re

# Longer text is looked at in windows, so that a hostile line cannot cost more than its length.
WINDOW = 8_000
OVERLAP = 500
REASONS_MAX = 5

_FLAGS = re.IGNORECASE
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "it tells an agent to ignore its instructions",
        re.compile(
            r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|your|any|system)\b.{0,40}"
            r"\b(?:instructions?|prompts?|rules?|messages?|directions?|guidelines?|context|polic(?:y|ies))\b",
            _FLAGS,
        ),
    ),
    (
        "it speaks to an agent",
        re.compile(
            r"\b(?:note|message|instructions?|notice|attention|reminder|important|memo)\b.{0,20}\b(?:to|for)\b.{0,30}"
            r"\b(?:ai|llms?|coding|automated|assistant|language[- ]model)\b.{0,12}\b(?:agents?|assistants?|models?|bots?|systems?)\b"
            r"|\b(?:ai|llm|coding|automated) (?:agents?|assistants?)\b.{0,40}\b(?:must|should|shall|have to|are required|need to)\b"
            r"|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?INST\]|</?(?:system|assistant|instructions?)>"
            r"|\b(?:attention|dear|hey|hello)\b.{0,10}\b(?:ai|llm|automated|coding)\b.{0,12}\b(?:agents?|assistants?|models?|bots?)\b"
            r"|\byou are now\b.{0,40}\b(?:mode|assistant|agent|model|unrestricted|root|admin)",
            _FLAGS,
        ),
    ),
    (
        "it asks to keep something from the user",
        re.compile(
            r"\b(?:do not|don't|never|without)\b.{0,15}\b(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|report(?:ing)?|show(?:ing)?|ask(?:ing)?|alert(?:ing)?|notify(?:ing)?)\b"
            r".{0,25}\b(?:the (?:user|human|operator|owner|developer)|anyone|anybody)\b.{0,20}\b(?:about|of|that|this|it)\b",
            _FLAGS,
        ),
    ),
    (
        "it pipes something from the network into a shell",
        re.compile(
            r"\b(?:curl|wget|fetch|iwr|invoke-webrequest)\b.{0,300}\|.{0,20}\b(?:ba|z|da|k)?sh\b|\b(?:curl|wget)\b.{0,300}\|.{0,20}\b(?:python3?|perl|node|ruby)\b"
            r"|\b(?:ba|z)?sh\b.{0,5}<\(.{0,5}(?:curl|wget)|\biex\b.{0,40}\b(?:iwr|downloadstring)",
            _FLAGS,
        ),
    ),
    (
        "it runs an encoded script",
        re.compile(r"\bbase64\b.{0,15}(?:-d|-D|--decode)\b.{0,60}\|.{0,20}\b(?:ba|z)?sh\b", _FLAGS),
    ),
    (
        "it sends data to an address",
        re.compile(
            r"\b(?:send|post|upload|forward|exfiltrate|e-?mail|report|submit|copy)\b.{0,60}\b(?:environment|env(?:ironment)? var\w*|credentials?|secrets?|tokens?|keys?"
            r"|passwords?|\.env|transcript|conversation|customer data|contents?)\b.{0,80}(?:https?://|\b[\w.-]+@[\w.-]+\.\w+)",
            _FLAGS,
        ),
    ),
    (
        "it switches off a protection",
        re.compile(
            r"--insecure-skip-tls-verify|\b(?:curl|wget)\b.{0,80}(?:\s-k\b|--insecure|--no-check-certificate)|\bverify\s*=\s*False\b|\bsslverify\s*=?\s*false\b|NODE_TLS_REJECT_UNAUTHORIZED\s*=\s*0|\bsetenforce 0\b",
            _FLAGS,
        ),
    ),
    (
        "it would destroy data",
        re.compile(
            r"\brm\s+-[a-z]*r[a-z]*f?[a-z]*\s+(?:--no-preserve-root\s+)?(?:/(?:\s|\*|$)|~/?(?:\s|$)|\$HOME\b)|\bmkfs\.|\bdd\b.{0,60}\bof=/dev/|:\(\)\s*\{",
            _FLAGS,
        ),
    ),
    (
        "it gives rights to everybody",
        re.compile(r"\bgrant\b.{0,60}\bto\s+public\b|\bchmod\s+(?:-R\s+)?777\s+/(?:\s|$)", _FLAGS),
    ),
    ("it has a hidden comment", re.compile(r"<!--.{0,4000}?-->", re.DOTALL)),
    (
        "it holds a long encoded blob",
        re.compile(r"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[0-9])[A-Za-z0-9+/]{200,}={0,2}"),
    ),
    (
        "it has characters that are not seen",
        re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"),
    ),
)


def scan(text: str) -> list[str]:
    """Why a text must not go live by itself; empty when nothing was found."""
    reasons: list[str] = []
    for offset in range(0, max(len(text), 1), WINDOW - OVERLAP):
        window = text[offset : offset + WINDOW]
        reasons += [reason for reason, shape in _SHAPES if reason not in reasons and shape.search(window)]
        if len(reasons) >= REASONS_MAX:
            break
    return reasons[:REASONS_MAX]
