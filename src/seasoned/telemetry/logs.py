"""The log: lines for people or JSON for programs, on standard error.

No line holds text of messages, artifacts, answers or errors: our own lines have constant sentences with ids, names and
times beside them, and of an error only its class and where it was raised are written. What is wrong in words stands on
the row that it holds back, where its owner sees it. Of the lines of libraries the first sentence is kept.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Literal

import msgspec

from seasoned.clock import SECOND, to_rfc3339
from seasoned.signals import ModelCall, Request, StageRun, Work

log = logging.getLogger("seasoned.signals")

Form = Literal["text", "json"]
# There is no `debug`: libraries write whole requests then.
Level = Literal["info", "warning", "error"]
OTHERS_CHARS_MAX = 500
_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(form: Form, level: Level) -> None:
    """Write the log in this form from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(form == "json")


class TextLines(logging.Formatter):
    """`time LEVEL logger: event key=value`, and under it where an error was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        pairs = "".join(f" {name}={_on_a_line(value)}" for name, value in _extras(record).items())
        line = f"{_time(record)} {record.levelname} {record.name}: {_event(record)}{pairs}"
        return "\n".join([line, *_raised(record)])


class JsonLines(logging.Formatter):
    """A JSON object on a line: time, level, logger, event, and what the event has."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
            **_extras(record),
        }
        raised = _raised(record)
        if raised:
            line["traceback"] = raised
        return msgspec.json.encode(line).decode()


class Signals:
    """Logs requests, runs and calls once they have ended, at the level `info`."""

    def begin(self, work: Work) -> None:
        """Nothing: one line for each piece of work is enough."""

    def end(self, work: Work, seconds: float) -> None:
        """Write the line."""
        if isinstance(work, StageRun) and work.outcome == "idle":
            return
        fields: dict[str, object] = {
            name: value
            for name, value in msgspec.structs.asdict(work).items()
            if value not in ("", None) and name not in ("traceparent", "tracestate", "output_tokens_max")
        }
        log.info(_EVENTS[type(work)], extra={**fields, "ms": round(seconds * 1000, 1)})

    def cut_off(self) -> None:
        """Nothing: the request's own line says how it ended."""

    def stored(self, messages: int) -> None:
        """Nothing: the request has a line."""


_EVENTS: dict[type, str] = {Request: "request", StageRun: "stage", ModelCall: "model call"}


def _time(record: logging.LogRecord) -> str:
    return to_rfc3339(int(record.created * SECOND))


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "seasoned"


def _event(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if not _is_ours(record):
        # asyncio, for one, writes the error of a task, words and all, on the lines behind the first.
        text = text.partition("\n")[0][:OTHERS_CHARS_MAX]
    return text


def _on_a_line(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)


def _extras(record: logging.LogRecord) -> dict[str, str | int | float | bool | None]:
    if not _is_ours(record):
        # Libraries put whole jobs and requests beside their lines.
        return {}
    return {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in vars(record).items()
        if name not in _OURS
    }


def _raised(record: logging.LogRecord) -> list[str]:
    """Where an error came from and of which class it is, without its words; causes first, as Python shows them."""
    error = record.exc_info[1] if record.exc_info else None
    lines: list[str] = []
    while error is not None:
        lines = [*_frames(type(error), error.__traceback__), *lines]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def _frames(kind: type[BaseException], trace: TracebackType | None) -> list[str]:
    frames = [f'  File "{one.filename}", line {one.lineno}, in {one.name}' for one in traceback.extract_tb(trace)]
    return ["Traceback (most recent call last):", *frames, f"{kind.__module__}.{kind.__qualname__}"]
