"""The log: lines for people or JSON for programs, on standard error.

No line contains text of messages, artifacts, answers or errors: our lines are constant texts with ids, names and times,
and of an error only its class and origin are logged. The reason for failed work is on its row, where its owner sees it.
Texts of providers, drivers and file systems, which may contain anything, are logged at the level `debug` only, without
secrets. Libraries log only warnings, and of those the first sentence.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Literal

import msgspec

from seasoned.clock import SECOND, to_rfc3339
from seasoned.instrumentation import HttpRequest, ModelCall, Operation, StageRun

log = logging.getLogger("seasoned.instrumentation")

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
Mask = Callable[[str], str]
OTHERS_CHARS_MAX = 500
WORDS_CHARS_MAX = 2_000
_OURSELVES = "seasoned"
_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(form: Form, level: Level, mask: Mask, process: str = "") -> None:
    """Configure the log; `mask` removes secrets from text that is not ours.

    Each line names the process where a server has more than one.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(mask) if form == "json" else TextLines(mask))
    if process:
        handler.addFilter(_named(process))
    # Libraries write whole requests at `debug`, and at `info` what a server says in its answer's first line.
    logging.basicConfig(level="ERROR" if level == "error" else "WARNING", handlers=[handler], force=True)
    logging.getLogger(_OURSELVES).setLevel(level.upper())
    logging.captureWarnings(form == "json")


def _named(process: str) -> Callable[[logging.LogRecord], bool]:
    def name(record: logging.LogRecord) -> bool:
        record.process_name = process
        return True

    return name


class _Lines(logging.Formatter):
    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def _event(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if not _is_ours(record):
            # asyncio, for one, writes the error of a task, words and all, on the lines behind the first.
            text = self._mask(text.partition("\n")[0])[:OTHERS_CHARS_MAX]
        return text

    def _raised(self, record: logging.LogRecord) -> list[str]:
        """Where an error came from and of which class it is; causes first, as Python shows them.

        At the level `debug` what each of them says instead: where that was, a warning tells if it has to be mended.
        """
        error = record.exc_info[1] if record.exc_info else None
        lines: list[str] = []
        while error is not None:
            told = [self._said(error)] if record.levelno <= logging.DEBUG else _frames(error)
            lines = [*told, *lines]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return lines

    def _said(self, error: BaseException) -> str:
        # A whole page could stand there. What is cut off in the middle of a secret is cut off again.
        said = self._mask(" ".join(str(error)[: 8 * WORDS_CHARS_MAX].split()))
        return f"{_class(error)}: {_on_a_line(said[:WORDS_CHARS_MAX])}"


class TextLines(_Lines):
    """`time LEVEL logger: event key=value`, and under it where an error was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        pairs = "".join(f" {name}={_on_a_line(value)}" for name, value in _extras(record).items())
        line = f"{_time(record)} {record.levelname} {record.name}: {self._event(record)}{pairs}"
        return "\n".join([line, *self._raised(record)])


class JsonLines(_Lines):
    """A JSON object on a line: time, level, logger, event, and what the event has."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._event(record),
            **_extras(record),
        }
        raised = self._raised(record)
        if raised:
            line["traceback"] = raised
        return msgspec.json.encode(line).decode()


class Signals:
    """Logs requests, runs and calls once they have ended, at the level `info`."""

    def begin(self, work: Operation) -> None:
        """Nothing: one line for each piece of work is enough."""

    def end(self, work: Operation, seconds: float) -> None:
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


_EVENTS: dict[type, str] = {HttpRequest: "request", StageRun: "stage", ModelCall: "model call"}


def _time(record: logging.LogRecord) -> str:
    return to_rfc3339(int(record.created * SECOND))


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == _OURSELVES


def _on_a_line(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)


def _extras(record: logging.LogRecord) -> dict[str, str | int | float | bool | None]:
    if not _is_ours(record):
        # Libraries put whole jobs and requests beside their lines.
        return {"process_name": record.process_name} if hasattr(record, "process_name") else {}
    return {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in vars(record).items()
        if name not in _OURS
    }


def _frames(error: BaseException) -> list[str]:
    trace = traceback.extract_tb(error.__traceback__)
    frames = [f'  File "{one.filename}", line {one.lineno}, in {one.name}' for one in trace]
    return ["Traceback (most recent call last):", *frames, _class(error)]


def _class(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"
