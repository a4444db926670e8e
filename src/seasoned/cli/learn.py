"""`seasoned learn`: past sessions in, skills out."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from seasoned import importers
from seasoned.cli import sources
from seasoned.cli.console import (
    FAILED,
    BaseUrl,
    Home,
    Json,
    Project,
    load_config,
    note,
    one_line,
    print_json,
    print_table,
    reported,
    say,
)
from seasoned.cli.progress import progress
from seasoned.config import Config
from seasoned.engine import Engine, models
from seasoned.engine.estimate import Estimate
from seasoned.engine.learning import Imported
from seasoned.engine.projects import DEFAULT_PROJECT
from seasoned.engine.sessions import Counts
from seasoned.engine.skills import SkillState
from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import Transcript
from seasoned.scheduling.scheduler import until_changed
from seasoned.space import LearningStatus

POLL_SECONDS = 0.25
# Reading the states of many sessions takes long; after each reading comes a pause of so many times that.
PAUSE_FACTOR = 10
WAIT_SAID_SECONDS = 3.0
SHOWN_MAX = 200
UNREAD_SHOWN_MAX = 20


class SessionReport(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The result for one transcript."""

    id: str
    source: str
    messages: int
    tasks: int | None = None
    lessons: int | None = None
    status: LearningStatus | None = None
    added: int | None = None
    resumed: bool = False
    why_nothing: str | None = None
    error: str | None = None


class Report(msgspec.Struct, kw_only=True):
    """What `learn --json` prints."""

    space_id: str
    sessions: list[SessionReport]
    skills: list[dict[str, object]]
    errors: list[str]
    skipped: int = 0
    unread: list[str] = []
    warnings: list[str] = []


def learn(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Transcripts, or folders of them. Without any: what agents keep on this machine."),
    ] = None,
    space: Annotated[
        str, typer.Option("--space", help="The name or id of the learning space to teach. A new name creates a space.")
    ] = "default",
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", help=f"How to read the files: {', '.join(importers.FORMATS)}.")
    ] = "auto",
    since: Annotated[
        str, typer.Option("--since", help="Only files that changed since then: 2026-01-31, 12h, 7d, 4w.")
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", help="At most so many files, the newest.", min=1)] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without a path: learn without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate the model calls and tokens without spending anything.")
    ] = False,
    review: Annotated[
        bool, typer.Option("--review", help="Let what the space learns wait for `seasoned review`, from now on.")
    ] = False,
    base_url: BaseUrl = None,
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Learn from past sessions: transcripts in, skills out.

    Finds the tasks in each session and writes what the finished ones teach into skills. Sessions already learned are
    skipped; rerun after an interruption.
    """
    with reported():
        config = load_config(home, base_url=base_url, tells=True)
        run = Run(config, space, format, project, quiet=json, review=review)
        run.find(paths or [], since, limit or 0)
        if dry_run:
            _print_estimate(asyncio.run(run.estimate()), run.errors, as_json=json)
        else:
            if not paths and not yes:
                asyncio.run(run.ask())
            report = asyncio.run(run.learn())
            if json:
                print_json(report)
            else:
                _print(report, space, "" if home is None else f" --home {home}", by_rules=not config.model)
    if run.errors or run.failed:
        raise typer.Exit(FAILED)


class Run:
    """One run of the command: the files that it reads, and their errors."""

    def __init__(self, config: Config, space: str, format_: str, project: str, *, quiet: bool, review: bool) -> None:
        self.errors: list[str] = []
        self.failed = False
        self._config = config
        self._space = space
        self._format = format_
        self._project = project or DEFAULT_PROJECT
        self._quiet = quiet
        self._found = sources.Sources(files=[], unread=[], errors=[])
        self._told = 0
        self._warnings: list[str] = []
        self._review = review

    def find(self, paths: list[Path], since: str, limit: int) -> None:
        """Find the transcripts, and report files in the folders that are not. Raises Invalid."""
        self._found = sources.find(paths, self._format, since, limit, self._leave)
        for error in self._found.errors:
            self._report(error)
        if self._told > UNREAD_SHOWN_MAX:
            note(f"note: {self._told - UNREAD_SHOWN_MAX} more files were not read; --json lists them all.")

    def _report(self, error: str) -> None:
        self.errors.append(error)
        note(f"error: {error}")

    def _leave(self, sentence: str) -> None:
        self._told += 1
        if self._told <= UNREAD_SHOWN_MAX:
            note(f"note: not read: {sentence}")

    async def ask(self) -> None:
        """Say what was found on this machine and what it would cost, and ask. Raises Invalid unless confirmed."""
        sources.show_places(self._found)
        await sources.show_cost(self._config, self._project, self._space, self._format, self._found)
        if not sys.stdin.isatty():
            raise Invalid("Nothing was learned; add --yes to learn from these files, or give some of them.")
        if not typer.confirm("Learn from them?"):
            raise Invalid("Nothing was learned; give a path, --since or --limit for less.")

    async def learn(self) -> Report:
        """Learn from the files. Raises BadTranscript, without creating a home, if no file can be read."""
        await models.check(self._config)
        await asyncio.to_thread(self._drop_unreadable)
        if not self._found.files and (self.errors or not self._found.unread):
            raise BadTranscript("Nothing was learned, because no file could be read.")
        with progress(quiet=self._quiet) as bar:
            engine = Engine.open(self._config)
            try:
                await engine.start()
                project_id = await engine.projects.id_of(self._project)
                space = await engine.learning.space_named(project_id, self._space)
                if self._review:
                    await engine.spaces.set_policy(project_id, space.id, "review")
                taken: dict[str, Imported] = {}
                files = self._found.files
                for file in bar.track(files, description="Reading"):
                    for imported in await self.take(engine, project_id, space.id, file.path):
                        taken[imported.session_id] = imported
                sessions = await _settle(engine, project_id, space.id, list(taken.values()), bar)
                skills = await engine.skills.of_space(project_id, space.id)
            finally:
                await engine.close()
        self.failed = any(one.status == "failed" for one in sessions)
        return Report(
            space_id=space.id,
            sessions=sessions,
            skills=[_skill_json(state) for state in skills],
            errors=self.errors,
            skipped=len(self._found.unread),
            unread=self._found.unread,
            warnings=self._warnings,
        )

    async def take_all(self, engine: Engine, project_id: str, space_id: str) -> list[Imported]:
        """Import all files that were found."""
        taken = list[Imported]()
        for file in self._found.files:
            taken += await self.take(engine, project_id, space_id, file.path)
        return taken

    async def take(self, engine: Engine, project_id: str, space_id: str, path: Path) -> list[Imported]:
        """Import a file's sessions, unless the same content was imported before; one session is in memory at a time."""
        errors = len(self.errors)
        try:
            mark = await asyncio.to_thread(importers.fingerprint, path, self._format)
        except BadTranscript as error:
            self._report(str(error))
            return []
        known = await engine.learning.known(space_id, mark)
        if known is not None:
            return known
        read, taken = self._read(path), dict[str, Imported]()
        while (transcript := await asyncio.to_thread(next, read, None)) is not None:
            imported = await engine.learning.take(project_id, space_id, transcript)
            if imported is None:
                note(f"{one_line(transcript.source)} was forgotten, so it is not learned again.")
            else:
                taken[imported.session_id] = imported
        if len(self.errors) == errors:
            await engine.learning.note(space_id, mark, list(taken))
        return list(taken.values())

    def _drop_unreadable(self) -> None:
        """Report the first files without a session, up to one that has some: only then a home is made."""
        files = self._found.files
        while files and next(_sessions_of(files[0].path, self._format, self._report), None) is None:
            del files[0]

    async def estimate(self) -> Estimate:
        """What learning would cost. Nothing is learned, and no home is created."""
        read = chain.from_iterable(self._read(file.path) for file in self._found.files)
        return await sources.estimate(self._config, self._project, self._space, read)

    def _read(self, path: Path) -> Iterator[Transcript]:
        """The sessions of a file; what is wrong with it is reported."""
        for transcript in _sessions_of(path, self._format, self._report):
            for warning in transcript.warnings:
                self._warnings.append(f"{transcript.source}: {warning}")
                note(f"warning: {self._warnings[-1]}")
            yield transcript


def _sessions_of(path: Path, format_: str, report: Callable[[str], None]) -> Iterator[Transcript]:
    """The sessions of a file, up to what cannot be read, which is reported."""
    try:
        yield from importers.read(path, format_)
    except BadTranscript as error:
        report(str(error))


def _print_estimate(found: Estimate, errors: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**msgspec.to_builtins(found), "errors": errors})
        return
    known = f", {found.known} already learned" if found.known else ""
    say(f"{_count(found.sessions, 'session')} with {_count(found.messages, 'message')}{known}.")
    say("With a language model, learning takes about:")
    rows = [(stage, found.calls[stage], f"{found.input_tokens[stage]:,}") for stage in found.calls]
    rows.append(("all", sum(found.calls.values()), f"{sum(found.input_tokens.values()):,}"))
    print_table(("STAGE", "CALLS", "INPUT TOKENS"), rows, "")
    say("Output tokens are not included; expect a tenth to a fifth of the input. The built-in rules cost nothing.")


async def _settle(
    engine: Engine, project_id: str, space_id: str, taken: list[Imported], bar: Progress
) -> list[SessionReport]:
    """Wait until every session is completed or failed."""
    shown = bar.add_task("Learning", total=len(taken))
    wanted = {one.session_id for one in taken}
    said: set[str] = set()
    now = asyncio.get_running_loop().time
    began = now()
    resumed: set[str] | None = None
    while True:
        change, looked = engine.scheduler.next_change(), now()
        states = {one.link.session_id: one for one in await engine.spaces.states(project_id, space_id)}
        pause = PAUSE_FACTOR * (now() - looked)
        done = {key for key in wanted if key not in states or states[key].status in ("completed", "failed")}
        resumed = wanted - done if resumed is None else resumed
        bar.update(shown, completed=len(done))
        # At first, the reasons may be left from an earlier run.
        late = now() - began > WAIT_SAID_SECONDS
        for reason in sorted({states[key].reason for key in wanted - done if late and states[key].reason} - said):
            said.add(reason)
            note(f"waiting: {reason} Ctrl-C stops; nothing is lost.")
        if done == wanted:
            break
        await asyncio.sleep(pause)
        await until_changed(change, POLL_SECONDS)
    counts = await engine.sessions.counts(sorted(wanted))
    return [
        SessionReport(
            id=one.session_id,
            source=one.source,
            messages=one.messages,
            tasks=counts[one.session_id].tasks,
            lessons=counts[one.session_id].lessons,
            status=states[one.session_id].status if one.session_id in states else "failed",
            added=one.added,
            resumed=not one.added and one.session_id in resumed,
            why_nothing=_why_nothing(counts[one.session_id]),
            error=_reason(states[one.session_id].reason if one.session_id in states else "The session was deleted."),
        )
        for one in taken
    ]


def _why_nothing(found: Counts) -> str | None:
    """Why a session taught no lesson, in a few words; None when it taught some."""
    if found.lessons:
        return None
    if not found.tasks:
        return "it contains no task"
    if not found.finished:
        return "none of its tasks is finished, as far as one can tell"
    entries = f"the journal has {_count(found.finished, 'entry', 'entries')}"
    return "; ".join([entries, *(reason.removesuffix(".") for reason in found.reasons)])


def _reason(text: str) -> str | None:
    return text or None


def _skill_json(state: SkillState) -> dict[str, object]:
    return {"id": state.row.id, "name": state.row.name, "files": [path for path, _ in state.index]}


def _print(report: Report, space: str, at: str, *, by_rules: bool) -> None:
    new = [one for one in report.sessions if one.added or one.resumed]
    for one in new[:SHOWN_MAX]:
        mark = {"completed": "ok", "failed": "failed"}.get(one.status or "", one.status or "")
        what = f"{_count(one.messages, 'message')}, {_count(one.tasks, 'task')}, {_count(one.lessons, 'lesson')}"
        why = one.error or one.why_nothing
        say(f"  {mark:<8}{one.source}: {what}{f' ({why})' if why else ''}")
    if len(new) > SHOWN_MAX:
        say(f"  ... and {len(new) - SHOWN_MAX} more")
    known = len(report.sessions) - len(new)
    parts = [f"Learned from {_count(len(new), 'session')}"]
    if known:
        parts.append(f"{known} already learned")
    if report.errors:
        parts.append(f"{_count(len(report.errors), 'file')} could not be read")
    if report.warnings:
        parts.append(f"{_count(len(report.warnings), 'warning')} of what was left out")
    say(f"{'; '.join(parts)}. The space {space!r} has {_count(len(report.skills), 'skill')}.")
    if by_rules and new and not any(one.lessons for one in new):
        say("The built-in rules learn only what a session says outright; see docs/language-models.md for more.")
    if report.skills:
        say(f"List them with: seasoned skills list{at}")


def _count(number: int | None, noun: str, several: str = "") -> str:
    return f"{number or 0} {noun if number == 1 else several or noun + 's'}"
