"""What there is to learn from: named files or what agents keep on this machine; and what that would cost."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec

from seasoned import importers
from seasoned.cli.console import say
from seasoned.clock import SECOND, parse_time
from seasoned.config import Config
from seasoned.engine.estimate import Estimate
from seasoned.engine.learning import estimate_of
from seasoned.engine.records import Records
from seasoned.errors import BadTranscript, Invalid, NoHome
from seasoned.importers import Transcript
from seasoned.importers.places import Place, places

NOTHING_HERE = "No sessions of agents were found where they usually are; give a transcript or a folder of them."
# An estimate reads a sample of at most so many files and bytes.
SAMPLED_FILES = 12
SAMPLED_BYTES = 24 * 1024 * 1024
# What a call of a model takes, about, with a prompt of some thousand tokens.
CALL_SECONDS = 8.0
# The rules read a session, distill its tasks and write; reading was timed.
STAGES_OF_RULES = 3.0
_MB = 1_000_000
_AGO = re.compile(r"(\d{1,5})\s?(h|d|w|m)(?:ours?|ays?|eeks?|onths?)?", re.IGNORECASE)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(days=30)}


class Named(msgspec.Struct, frozen=True):
    """A file to read, with its size in bytes and the time of its last change in microseconds."""

    path: Path
    size: int
    changed: int


class Sources(msgspec.Struct, kw_only=True):
    """The files to read in order, why others are not read, and what was asked for and is not there."""

    files: list[Named]
    unread: list[str]
    errors: list[str]
    places: list[Place] = []

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(file.size for file in self.files)


def moment(text: str, now: float) -> int:
    """A time such as `2026-01-31`, `7d` or `12h`, in microseconds. Raises Invalid."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return int((datetime.fromtimestamp(now, UTC) - int(ago[1]) * _UNITS[ago[2].lower()]).timestamp() * SECOND)
    found = parse_time(text.strip())
    if found is None:
        raise Invalid(f"--since {text[:40]!r} is no time; send a date such as 2026-01-31, or 12h, 7d, 4w.")
    return found


def find(
    paths: Sequence[Path], format_: str, since: str, limit: int, tell: Callable[[str], None] = lambda _: None
) -> Sources:
    """The files below the paths in their order; without paths, those of the agents on this machine, newest first.

    `tell` is called with each sentence about a file that is not read. Raises Invalid, and BadTranscript when no path
    has a transcript.
    """
    here = [] if paths else places()
    if not paths and not here:
        raise Invalid(NOTHING_HERE)
    unread: list[str] = []

    def leave(sentence: str) -> None:
        unread.append(sentence)
        if paths:
            tell(sentence)

    try:
        found = importers.search(paths or [place.path for place in here], format_, leave, named=bool(paths))
    except BadTranscript:
        if paths:
            raise
        found = importers.Found((), 0)
    if not paths and not found.files:
        raise Invalid(NOTHING_HERE)
    files = [_named(path) for path in found.files]
    oldest = moment(since, time.time()) if since else 0
    chosen = [file for file in files if file.changed >= oldest]
    newest = sorted(chosen, key=lambda file: (-file.changed, file.path))
    if limit:
        newest = newest[:limit]
    kept = set(newest)
    in_order = newest if here else [file for file in chosen if file in kept]
    return Sources(files=in_order, unread=unread, errors=list(found.errors) if paths else [], places=here)


def _named(path: Path) -> Named:
    try:
        told = path.stat()
    except OSError:
        return Named(path, 0, 0)  # reading it says what is wrong
    return Named(path, told.st_size, told.st_mtime_ns // 1000)


def show_places(found: Sources) -> None:
    """Say what was found of each agent."""
    say("Sessions on this machine:")
    for place in found.places:
        own = [file for file in found.files if file.path == place.path or place.path in file.path.parents]
        if own:
            size = sum(file.size for file in own)
            say(f"  {place.agent:<12} {_files(len(own)):>12} {size / _MB:>9,.1f} MB  {place.path}")
    say(f"  {'all':<12} {_files(len(found.files)):>12} {found.size / _MB:>9,.1f} MB")


def _files(count: int) -> str:
    return f"{count:,} file" + ("" if count == 1 else "s")


def sample(files: Sequence[Named]) -> list[Named]:
    """Some of the files, spread over all of them."""
    step = max(1, len(files) // SAMPLED_FILES)
    chosen, size = list[Named](), 0
    for file in files[::step][:SAMPLED_FILES]:
        size += file.size
        if chosen and size > SAMPLED_BYTES:
            break
        chosen.append(file)
    return chosen


async def estimate(config: Config, project: str, space: str, read: Iterator[Transcript]) -> Estimate:
    """What learning would cost. Nothing is learned, and no home is created."""
    try:
        held = Records.open(config)
    except NoHome:
        return await estimate_of(config, None, "", space, read)
    try:
        return await estimate_of(config, held, await held.projects.id_of(project), space, read)
    finally:
        await held.close()


async def show_cost(config: Config, project: str, space: str, format_: str, found: Sources) -> None:
    """Say about how many calls, tokens and minutes learning takes, from a sample of the files."""
    some = sample(found.files)
    began = time.monotonic()
    cost = await estimate(config, project, space, chain.from_iterable(_read(file.path, format_) for file in some))
    seconds = time.monotonic() - began
    times = found.size / max(1, sum(file.size for file in some))
    sessions = round((cost.sessions + cost.known) * times)
    calls, tokens = sum(cost.calls.values()) * times, sum(cost.input_tokens.values()) * times
    say(f"About {sessions:,} sessions (from a sample of {_files(len(some))}).")
    if config.model:
        minutes = calls * CALL_SECONDS / max(1, config.concurrency) / 60
        say(
            f"With {config.model}: about {round(calls):,} calls, {tokens / _MB:,.1f} million input tokens, a tenth to"
            f" a fifth of it as output, and {_minutes(minutes)}."
        )
    else:
        say(f"The built-in rules cost nothing and take {_minutes(seconds * times * STAGES_OF_RULES / 60)}.")


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    return f"about {round(minutes)} minutes" if minutes < 120 else f"about {round(minutes / 60)} hours"  # noqa: PLR2004


def _read(path: Path, format_: str) -> Iterator[Transcript]:
    try:
        yield from importers.read(path, format_)
    except BadTranscript:
        return  # it is reported when it is read
