"""Which tool calls failed, with the line that says why.

A log that is full of the word error is no failure: it takes the provider's mark, an exit code, a JSON error, an HTTP
status, or an answer that begins or ends as errors do. What a person did with a call (interrupted, refused) and a call
that did not run because of another one is no failure either.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.message import Json, NumberedMessage
from seasoned.rules.calls import Call, calls
from seasoned.rules.phrases import book
from seasoned.rules.safety import inline, is_safe, masked
from seasoned.rules.text import words

LINE_CHARS_MAX: Final = 280
_LINES_MAX = 400
_SHORT_CHARS = 240
_JSON_CHARS_MAX = 60_000
_DEPTH_MAX = 4
_HTTP_BAD = 400
_LINE_CHARS_MIN = 8

_EXIT = re.compile(
    r"(?:\bexit(?:ed)?(?: with)?(?: code| status)?|\breturn ?code|\"exit_?code\")[\"']?\s*[:=>]?\s*(-?\d{1,5})\b",
    re.IGNORECASE,
)
_EXIT_LINE = re.compile(r"^\W{0,4}(?:process )?(?:exit(?:ed)?|return ?code)\b[^\n]{0,30}$", re.IGNORECASE)
_HTTP = re.compile(r"\s*(?:HTTP/[\d.]{1,4} |(?:http )?status(?: code)?:? ?)([1-5]\d\d)\b", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:[\w.]{1,80}(?:Error|Exception|Interrupt)\b(?::|\Z)|(?:fatal|error)\s*:)", re.IGNORECASE)
_PREFIX = re.compile(
    r"\s*(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,]{5,16}(?:Z|[+-]\d\d:?\d\d)?\]?|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]?)?\s*"
    r"(?:\[?(?:ERR|ERROR|WRN|WARN|INF|FATAL|E)\b\]?(?=\s))?[\s│|╷╵>✘×]*"
)
_TAG = re.compile(r"</?\w{0,12}_?error>", re.IGNORECASE)
_TESTS = re.compile(r"\b([1-9]\d{0,5}) (?:failed|failing|failures?|errors?)\b(?!\s*(?:log|rate))", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?:not found|failed|denied|rejected|refused|not allowed|not permitted|invalid|does not exist|no such)\b",
    re.IGNORECASE,
)
_TESTERS: Final = words("testers")
_QUIET_ONE: Final = words("quiet")
_MESSAGE_KEYS: Final = (
    *("message", "error_message", "errorMessage", "detail", "details", "error_description", "reason", "msg"),
    *("error", "errors", "title", "description", "code"),
)
_HINT_KEYS: Final = (
    *("hint", "suggestion", "allowed", "allowed_values", "expected", "valid_values", "policy", "help", "limit"),
    *("required", "rule", "reason", "details", "detail", "note", "format"),
)
_CODE_KEYS = ("code", "error_code", "errorCode", "error")
_CODE = re.compile(r"(?=\w*[A-Za-z_])[\w.-]{3,48}\Z")
_BAD_STATUS: Final = words("bad_status")


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A call that failed. `line` is why, in one short line, ids masked; empty when it may not be shown. `raw` is the
    line as it stands in the answer. `soft` when only tests or checks failed, which is part of ordinary work."""

    call: Call
    line: str
    raw: str = ""
    soft: bool = False

    @property
    def number(self) -> int:
        """The message that holds the error."""
        return self.call.answer_number


def failures(messages: Sequence[NumberedMessage]) -> list[Failure]:
    """The failed calls, in order."""
    return failed(calls(messages))


def failed(made: Sequence[Call]) -> list[Failure]:
    """The failed ones of some calls, in order."""
    return [failure for call in made if (failure := _failure(call)) is not None]


def _failure(call: Call) -> Failure | None:
    if not call.answer_number or call.event is not None:
        return None
    text = call.answer
    if book("distill")["not_run"].said(text[:400].lower().replace("’", "'")):
        return None
    said = _json_error(text)
    code = _exit_code(text)
    soft = bool({*call.programs} & _TESTERS) and _TESTS.search(text[-2_000:]) is not None
    if code == 0 and not call.marked and not soft:
        return None
    if not (call.marked or code or said is not None or soft or _looks_failed(text)):
        return None
    raw = said if said is not None else essence(text, 3 if soft else 1)
    if code == 1 and not call.marked and not raw and {*call.programs} <= _QUIET_ONE:
        return None
    line = masked(inline(raw))[:LINE_CHARS_MAX].strip()
    return Failure(call=call, line=line if is_safe(line) else "", raw=raw, soft=soft)


def _exit_code(text: str) -> int | None:
    """The exit code that an answer ends (or begins) with."""
    lines = [line for line in text[-400:].splitlines() if line.strip()][-2:]
    for line in (*reversed(lines), text[:60].split("\n", 1)[0]):
        if _EXIT_LINE.match(line.strip(" []()<>")):
            found = _EXIT.search(line)
            if found:
                return int(found.group(1))
    return None


def _looks_failed(text: str) -> bool:
    head = text.lstrip()[:400]
    status = _HTTP.match(head)
    if status:
        return int(status.group(1)) >= _HTTP_BAD
    first = head.split("\n", 1)[0]
    if book("distill")["error_begins"].said(first.lower()) and (
        len(text) <= 3 * _SHORT_CHARS or _ENDS.match(first) or first.lower().startswith("traceback")
    ):
        return True
    tail = [line for line in text[-600:].splitlines() if line.strip()]
    if tail and _ENDS.match(tail[-1]) and "Traceback" in text:
        return True
    return len(text) <= _SHORT_CHARS and "\n" not in text.strip() and _SAYS.search(text) is not None


def _json_error(text: str) -> str | None:
    """The message of a JSON answer that says it is an error; None when it does not."""
    body = text.strip()
    start = _HTTP.match(body)
    if start and int(start.group(1)) >= _HTTP_BAD and "\n\n" in body:
        body = body.split("\n\n", 1)[1].strip()
    elif start:
        return None
    if not body.startswith("{") or len(body) > _JSON_CHARS_MAX:
        return None
    body = re.sub(r"\s*\[?exit[^\n]{0,20}\Z", "", body)
    try:
        loaded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(loaded, dict) or not (start or _is_error_object(loaded)):
        return None
    return _message_of(loaded, 0)


def _is_error_object(value: dict[str, Json]) -> bool:
    if value.get("ok") is True or value.get("success") is True:
        return False
    if value.get("error") or value.get("errors"):
        return True
    if value.get("ok") is False or value.get("success") is False:
        return True
    status = value.get("status")
    if isinstance(status, int) and not isinstance(status, bool):
        return status >= _HTTP_BAD
    return isinstance(status, str) and status.lower() in _BAD_STATUS and any(key in value for key in _MESSAGE_KEYS)


def _message_of(value: Json, depth: int) -> str:
    """What an error object says: its code, its message, and a hint when there is room."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _message_of(value[0], depth + 1) if value and depth < _DEPTH_MAX else ""
    if not isinstance(value, dict) or depth >= _DEPTH_MAX:
        return ""
    nested = value.get("error") or value.get("errors")
    if isinstance(nested, dict | list):
        return _message_of(nested, depth + 1)
    found = ""
    for key in _MESSAGE_KEYS:
        said = value.get(key)
        if isinstance(said, str) and len(said) > len(found) and (not found or " " in said) and " " not in found:
            found = said
    codes = [code for key in _CODE_KEYS if isinstance(code := value.get(key), str) and _CODE.match(code)]
    if codes and codes[0] not in found:
        found = f"{codes[0]}: {found}"
    for key in _HINT_KEYS:
        hint = _hint_of(key, value.get(key))
        if found and hint and hint not in found and len(found) + len(hint) < LINE_CHARS_MAX:
            return f"{found} {hint}"
    return found


def _hint_of(key: str, value: Json) -> str:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return f"({key}: {', '.join(str(item) for item in value[:8])})"
    if isinstance(value, str) and (" " in value or key == "format"):
        return value if " " in value else f"({key}: {value})"
    return ""


def essence(text: str, weight_min: float = 1) -> str:
    """The one line of an error that says most, with a hint from the line below when there is room; empty when none
    does."""
    lines = [_PREFIX.sub("", _TAG.sub("", line[: 4 * LINE_CHARS_MAX]), count=1).strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not _EXIT_LINE.match(line.strip(" []()<>"))]
    if len(lines) > _LINES_MAX:
        lines = [*lines[: _LINES_MAX // 4], *lines[-_LINES_MAX:]]
    best, best_score = -1, 0.0
    for index, line in enumerate(lines):
        score = _weight(line) + 0.5 * index / len(lines)
        if score >= best_score and score >= weight_min:
            best, best_score = index, score
    if best < 0:
        return lines[0][:LINE_CHARS_MAX] if len(lines) == 1 and weight_min <= 1 else ""
    line = lines[best][:LINE_CHARS_MAX]
    after = lines[best + 1] if best + 1 < len(lines) else ""
    if after and len(line) + len(after) < LINE_CHARS_MAX and book("distill")["hint"].said(after.lower()):
        return f"{line} {after}"
    return line


def _weight(line: str) -> float:
    sample, phrases = line[:400].lower().replace("’", "'"), book("distill")
    if len(sample) < _LINE_CHARS_MIN or phrases["noise"].said(sample):
        return 0
    if phrases["generic"].said(sample):
        return 1
    weight = 2.0 if phrases["error_begins"].said(sample) or _ENDS.match(sample) else 0.0
    if phrases["says_error"].said(sample):
        weight += 3 if phrases["strong"].said(sample) else 2
    return weight - (1 if len(line) > 3 * LINE_CHARS_MAX else 0)


def is_generic(line: str) -> bool:
    """Whether an error line says nothing but that something failed."""
    return not line or book("distill")["generic"].said(line.lower())
