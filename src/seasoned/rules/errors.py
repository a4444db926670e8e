"""Which tool calls failed, with the line that says why, and what fixed them.

A log that is full of the word error is no failure: it takes the provider's mark, an exit code, a JSON error, an HTTP
status, or an answer that begins or ends as errors do.
"""

import re
from collections.abc import Sequence

import msgspec

from seasoned.message import Json, NumberedMessage
from seasoned.rules.calls import Call, calls
from seasoned.rules.changes import difference, likeness, same_verb
from seasoned.rules.lexicon import word_set
from seasoned.rules.safety import inline, is_safe, masked

LINE_CHARS_MAX = 200
_LINES_MAX = 400
_SHORT_CHARS = 240
_JSON_CHARS_MAX = 60_000
_TRIES_MAX = 12
TAIL_SAID = 4_000
_LIKE_MIN = 0.5
_DEPTH_MAX = 4

_EXIT = re.compile(
    r"(?:\bexit(?:ed)?(?: with)?(?: code| status)?|\breturn ?code|\"exit_?code\")[\"']?\s*[:=]?\s*(-?\d{1,5})\b",
    re.IGNORECASE,
)
_EXIT_LINE = re.compile(r"^\W{0,4}(?:process )?(?:exit(?:ed)?|return ?code)\b[^\n]{0,30}$", re.IGNORECASE)
_HTTP = re.compile(r"\s*(?:HTTP/[\d.]{1,4} |(?:http )?status(?: code)?:? ?)([1-5]\d\d)\b", re.IGNORECASE)
_BEGINS = re.compile(
    r"\s*(?:\W{0,3}(?:error|fatal|failed|failure|exception|panic|denied|rejected|abort(?:ed)?)(?:\s*[:!\[]|\s*\Z"
    r"|\s+(?:from|to|in|while|when|executing|calling|at|during|with|code|because|processing|parsing|reading"
    r"|running|writing|loading|opening|-|\())"
    r"|traceback \(most|<(?:tool_use_)?error>|[\w.]{1,80}(?:error|exception)\b\s*[:(]|bash: |zsh: |sh: \d"
    r"|/\S{1,80}: no such|command not found"
    r"|permission denied|access denied|unauthori[sz]ed|forbidden|not found\b|no such |unknown |invalid "
    r"|unable to |cannot |can't |could not |couldn't )",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:[\w.]{1,80}(?:Error|Exception|Interrupt)\b(?::|\Z)|(?:fatal|error)\s*:)", re.IGNORECASE)
_SAYS_ERROR = re.compile(
    r"\b(?:errors?|fatal|fail(?:ed|s|ure)?|exception|cannot|can ?not|can't|could not|couldn't|not (?:found"
    r"|allowed|permitted|supported|available|valid|enough|set|a |in |one of|exist|match|authori[sz]ed)"
    r"|does not|doesn't|did not|denied|forbidden|unauthori[sz]ed|invalid|missing|required?s?|requires|unknown"
    r"|unrecogni[sz]ed|unexpected|refus(?:ed|es)|reject(?:ed|s)|mismatch(?:es)?|conflicts?"
    r"|too (?:long|large|big|many|short|small|old|late|few)|must|unsupported|no such|no (?:default|module"
    r"|matching|permission|access|space|route)|undefined|unable|timed? ?out|timeout|violat\w{1,6}"
    r"|exceed(?:s|ed)?|expired|duplicate|already|out of|locked|removed|deprecated|illegal|incorrect|insufficient"
    r"|unreachable|aborted|dirty|overlap\w{0,5}|needs?)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:error|fatal|exception|denied|invalid|not found|unknown|required|must|cannot|mismatch|refused"
    r"|rejected)\b|[\w.]{1,60}(?:Error|Exception)\b"
)
_NOISE = re.compile(
    r"\s*(?:at \S|File \"|\.\.\.|[-=_~^*#|+\s]{3,}$|\d{1,3}%|usage:|during handling|the above exception|\^+"
    r"|in \S{1,40}$|info\b|debug\b|traceback)",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"\W*(?:error|errors?:?|failed|traceback.{0,40}|exit (?:code|status)?.{0,12}|command failed.{0,30}"
    r"|make: \*\*\*.{0,120}|npm err!.{0,20}"
    r"|\d{1,6} (?:failed|errors?)\b.{0,80}|=+ .{0,100} =+|(?:Found )?\d{1,5} errors?\b.{0,60}"
    r"|error: process completed.{0,40})\W*\Z",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"\s*\W{0,3}(?:hint|did you mean|available|valid|allowed|supported|expected|choose|known|possible|must be"
    r"|use |try |run |to (?:update|fix|see)|see |detail|cause[sd]?|reason|because|[\w ]{1,40}: [\w-]+, [\w-]+)",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"\s*(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,]{5,16}(?:Z|[+-]\d\d:?\d\d)?\]?|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]?)?\s*"
    r"(?:\[?(?:ERR|ERROR|WRN|WARN|INF|FATAL|E)\b\]?(?=\s))?[\s│|╷╵>]*"
)
_TESTS = re.compile(r"\b([1-9]\d{0,5}) (?:failed|failing|errors?)\b(?!\s*(?:log|rate))", re.IGNORECASE)
_TESTERS = word_set(
    """
    pytest tox nox unittest jest vitest mocha cargo go npm yarn pnpm ruff mypy eslint tsc make gradle mvn rspec
    """
)
_QUIET_ONE = word_set(
    """
    grep egrep fgrep rg diff cmp test which command pgrep git false ls
    """
)
_MESSAGE_KEYS = (
    "message",
    "error_message",
    "errorMessage",
    "detail",
    "details",
    "error_description",
    "reason",
    "msg",
    "error",
    "errors",
    "title",
    "description",
    "code",
)
_HINT_KEYS = (
    "hint",
    "suggestion",
    "allowed",
    "allowed_values",
    "expected",
    "valid_values",
    "policy",
    "help",
    "limit",
    "required",
    "rule",
    "reason",
    "details",
    "detail",
    "note",
)
_BAD_STATUS = frozenset(
    {"error", "failed", "failure", "rejected", "denied", "declined", "invalid", "refused", "blocked", "unavailable"}
)
_HTTP_BAD = 400
_LOGGED = re.compile(r"(?m)^[^\n]{0,40}\b(?:ERR|ERROR|FATAL|FAIL|FAILED|PANIC)\b")
_NUMBERS = re.compile(r"\d+")
_QUOTED = re.compile(r"'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`")


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

    @property
    def key(self) -> str:
        """What makes two failures the same: what was called and the line without its numbers and quoted names."""
        return f"{self.call.name} {signature(self.line)}"


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A failure that was overcome: the call that worked and what differs in it.

    `earlier` are the failures that the same call overcame before, in order: what was tried and did not help.
    """

    failure: Failure
    worked: Call
    differs: str
    earlier: tuple[Failure, ...] = ()


def signature(line: str) -> str:
    """An error line without what changes from one time to the next."""
    return inline(_NUMBERS.sub("0", _QUOTED.sub("'…'", line.casefold())))


def failures(messages: Sequence[NumberedMessage]) -> list[Failure]:
    """The failed calls, in order."""
    return failed(calls(messages))


def failed(made: Sequence[Call]) -> list[Failure]:
    """The failed ones of some calls, in order."""
    return [failure for call in made if (failure := _failure(call)) is not None]


def fixes(messages: Sequence[NumberedMessage]) -> list[Fix]:
    """Failures that a later call of the same tool or program overcame with changed arguments, in order."""
    return overcome(calls(messages))


def overcome(made: Sequence[Call]) -> list[Fix]:
    """The failures among some calls that a later one of them overcame: of several in a row, the last."""
    bad = {id(failure.call): failure for failure in failed(made)}
    found: list[Fix] = []
    for index, call in enumerate(made):
        failure = bad.get(id(call))
        if failure is None or failure.soft:
            continue
        fix = _overcame(failure, made[index + 1 :][: 4 * _TRIES_MAX], bad)
        if fix is not None:
            found.append(fix)
    last = {id(fix.worked): fix for fix in found}
    chains = {key: tuple(fix.failure for fix in found if id(fix.worked) == key) for key in last}
    return [msgspec.structs.replace(fix, earlier=chains[key][:-1][-_TRIES_MAX:]) for key, fix in last.items()]


def _overcame(failure: Failure, later: Sequence[Call], bad: dict[int, Failure]) -> Fix | None:
    seen = 0
    for place, call in enumerate(later):
        if not _same_tool(failure.call, call):
            continue
        seen += 1
        if seen > _TRIES_MAX:
            return None
        if id(call) in bad or not _is_clean(call) or not same_verb(failure.call, call):
            continue
        if place and likeness(failure.call, call) < _LIKE_MIN:
            continue
        if _says_again(failure, call.answer):
            continue
        differs = difference(failure.call, call)
        return Fix(failure=failure, worked=call, differs=differs) if differs else None
    return None


def _is_clean(call: Call) -> bool:
    """Whether a call was answered, and without a log line at the end that speaks of an error."""
    return bool(call.answer_number) and _LOGGED.search(call.answer[-400:]) is None


def _says_again(failure: Failure, answer: str) -> bool:
    """Whether an answer holds the same error line again, though nothing marks it as failed."""
    wanted = signature(failure.line)
    if not wanted:
        return False
    return any(signature(masked(inline(line)))[:LINE_CHARS_MAX] == wanted for line in answer[-TAIL_SAID:].splitlines())


def _same_tool(one: Call, other: Call) -> bool:
    if one.programs and other.programs:
        return bool(set(one.programs) & set(other.programs))
    return one.tool == other.tool and bool(one.programs) == bool(other.programs)


def _failure(call: Call) -> Failure | None:
    if not call.answer_number:
        return None
    text = call.answer
    said = _json_error(text)
    code = _exit_code(text)
    soft = bool(set(call.programs) & _TESTERS) and _TESTS.search(text[-2_000:]) is not None
    if code == 0 and not call.marked and not soft:
        return None
    if not (call.marked or code or said is not None or soft or _looks_failed(text)):
        return None
    raw = said if said is not None else essence(text, 3 if soft else 1)
    if code == 1 and not call.marked and not raw and set(call.programs) <= _QUIET_ONE:
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
    if _BEGINS.match(first) and (
        len(text) <= 3 * _SHORT_CHARS or _ENDS.match(first) or first.lower().startswith("traceback")
    ):
        return True
    tail = [line for line in text[-600:].splitlines() if line.strip()]
    if tail and _ENDS.match(tail[-1]) and "Traceback" in text:
        return True
    short = len(text) <= _SHORT_CHARS and "\n" not in text.strip()
    return (
        short
        and re.search(
            r"\b(?:not found|failed|denied|rejected|refused|not allowed|not permitted|invalid|does not exist"
            r"|no such)\b",
            text,
            re.IGNORECASE,
        )
        is not None
    )


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
    if value.get("error") or value.get("errors"):
        return True
    if value.get("ok") is False or value.get("success") is False:
        return True
    status = value.get("status")
    if isinstance(status, int) and not isinstance(status, bool):
        return status >= _HTTP_BAD
    return isinstance(status, str) and status.lower() in _BAD_STATUS and any(key in value for key in _MESSAGE_KEYS)


def _message_of(value: Json, depth: int) -> str:
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
    hints = [said for key in _HINT_KEYS if isinstance(said := value.get(key), str) and said != found and " " in said]
    return f"{found} {hints[0]}" if found and hints and len(found) + len(hints[0]) < LINE_CHARS_MAX else found


def essence(text: str, weight_min: float = 1) -> str:
    """The one line of an error that says most, with a hint from the line below when there is room; empty when "
    "none does."""
    lines = [_PREFIX.sub("", line, count=1).strip() for line in text.splitlines()]
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
    if after and _HINT.match(after) and len(line) + len(after) + 1 <= LINE_CHARS_MAX:
        return f"{line} {after}"
    return line


def _weight(line: str) -> float:
    sample = line[:400]
    if _NOISE.match(sample) or len(sample) < 8:  # noqa: PLR2004
        return 0
    if _GENERIC.match(sample):
        return 1
    weight = 2.0 if _BEGINS.match(sample) or _ENDS.match(sample) else 0.0
    if _SAYS_ERROR.search(sample):
        weight += 2
    if _STRONG.search(sample):
        weight += 1
    return weight - (1 if len(line) > 3 * LINE_CHARS_MAX else 0)
