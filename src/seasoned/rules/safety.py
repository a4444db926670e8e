"""What may stand in a lesson: no orders to agents, no scripts to fetch, no ids or contact data of customers.

Text of tools reaches a lesson only as one short error line; the agent's and the user's sentences pass the same checks.
"""

import re

_SCRIPT = re.compile(
    r"\b(?:curl|wget|iwr|invoke-webrequest|fetch)\b[^\n]{0,200}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b"
    r"|\|\s*(?:sudo\s+)?(?:bash|sh|iex|python3?)\s*$"
    r"|https?://\S{1,200}\.(?:sh|ps1|bat|exe|scr|js|py|pl|apk|msi)\b|\bbase64\s+-d|\beval\s*\(|\b(?:javascript"
    r"|data):\S|rm\s+-rf\s+[/~]",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:ai|coding|llm|language)[- ](?:agents?|assistants?|models?)\b|\b(?:ignore|disregard|forget"
    r"|override)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|previous|above|policy)\b"
    r"|\b(?:system|hidden|secret) (?:prompt|instructions?|message|text|paragraph|comment|note|order)s?\b"
    r"|\bprompt injection|\binject(?:ed|ion)\b|\bjailbreak"
    r"|\b(?:do not|don't|never) (?:tell|inform|mention|reveal|show|ask) (?:the |this to the |it to the "
    r"|to the )?(?:user|human|customer|operator|owner)\b"
    r"|\b(?:assistants?|agents?|bots?|chatbots?|claude|gpt|chatgpt|copilot)\b[^.\n]{0,12}[:,]? (?:must|should"
    r"|shall|please|has to|have to|need to|are (?:instructed|required|authori[sz]ed))\b"
    r"|\b(?:if|as|note to|attention|dear|addressed to|meant for|aimed at) (?:you are |you're )?(?:an? |the |any "
    r"|all )?(?:ai|assistant|agent|bot|llm|model)s?\b"
    r"|\b(?:you are|act as|pretend to be) (?:now |an? |the )"
    r"|<!--|\[/?(?:INST|SYSTEM)\]|<\|",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.])\+\d[\d ()-]{7,18}\d")
_ID = re.compile(
    r"(?<![\w.])#?(?:[A-Za-z]{1,12}(?:_[A-Za-z]{1,12}){0,3}_\d{3,20}|[A-Z]{1,5}-?\d{5,16}|\d{6,24}(?! ?(?:bytes"
    r"|[kmgt]i?b|rows?|lines?|records?|ms|items?|tokens?|chars?|characters?)\b)|(?:\d{4}[ -]){3}\d{4}"
    r"|(?=[A-Z\d]{0,9}\d[A-Z]|[A-Z]{4,9}\d)[A-Z\d]{6,10}|[A-Z]{2}\d{8,12}[A-Z]{2}"
    r"|(?=[0-9a-f]{7,64}(?![\w]))(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{7,64})(?![\w])"
)
_CODE_WORD = re.compile(r"[A-Z]{1,6}\d{1,3}\Z")
_CARD = re.compile(r"\b((?:ending|ends)(?: in| with)?|last four(?: digits)?:?) \d{4}\b", re.IGNORECASE)
_BIRTH = re.compile(r"\b(?:19|20)\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])\b")
_PATH = re.compile(r"(?<![\w.:/])(?:~|\.{1,2})?(?:/[\w.@+-]{1,80}){2,20}/?|\b[A-Z]:(?:\\\\?[\w.@+ -]{1,80}){2,20}")
_AMOUNT = re.compile(
    r"(?<![\w./-])(?:\d+[.,:]\d[\d.,:]*|\d{3,})(?=\s?(?:s|ms|m|min|h|kb|mb|gb|bytes?|seconds?|minutes?)?\b)(?![\w/-])"
)
_BLANK = re.compile(r"\s+")


def is_safe(text: str) -> bool:
    """Whether a text may be learned: it neither speaks to an agent nor carries a script or a link to one."""
    return not _SCRIPT.search(text) and not _ORDER.search(text)


def has_script(text: str) -> bool:
    """Whether a text fetches and runs something, or links to what does."""
    return _SCRIPT.search(text) is not None


def masked(text: str) -> str:
    """The text with ids, addresses and long numbers replaced, so that it holds for other cases too."""
    text = _EMAIL.sub("<email>", text)
    text = _UUID.sub("<id>", text)
    text = _PHONE.sub("<phone>", text)
    text = _BIRTH.sub("<date>", text)
    text = _CARD.sub(r"\1 <n>", text)
    return _ID.sub(lambda found: found.group() if _CODE_WORD.match(found.group()) else "<id>", text)


def template(text: str) -> str:
    """An error line without the values that change from one time to the next: paths, times, amounts."""
    text = _PATH.sub("…", masked(text))
    return _AMOUNT.sub("…", text)


def inline(text: str) -> str:
    """The text on one line, fit to stand between backticks."""
    return _BLANK.sub(" ", text.replace("`", "'")).strip()


def one_line(text: str) -> str:
    """A sentence on one line; a lone backtick, which would open code without an end, becomes an apostrophe."""
    text = _BLANK.sub(" ", text).strip().rstrip(";")
    return text if text.count("`") % 2 == 0 else text.replace("`", "'")


def clip(text: str, chars_max: int) -> str:
    """The text cut at a word's end, with an ellipsis when something was left out."""
    if len(text) <= chars_max:
        return text
    cut = text[: chars_max - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > chars_max // 2 else cut).rstrip(" ,;:-(") + "…"
