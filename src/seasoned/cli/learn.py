"""`seasoned learn`: past sessions in, skills out."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from seasoned import importers
from seasoned.cli.console import (
    FAILED,
    BaseUrl,
    Home,
    Json,
    err,
    load_config,
    out,
    print_json,
    print_table,
    progress,
    reported,
)
from seasoned.config import Config
from seasoned.engine import Engine
from seasoned.engine.estimate import Estimate
from seasoned.engine.learning import Imported
from seasoned.engine.skills import SkillState
from seasoned.engine.waiting import until_changed
from seasoned.errors import BadTranscript
from seasoned.importers import Transcript
from seasoned.space import LearningStatus

POLL_SECONDS = 0.25
WAIT_SAID_SECONDS = 3.0
SHOWN_MAX = 200


class SessionReport(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one transcript."""

    id: str
    source: str
    messages: int
    tasks: int | None = None
    lessons: int | None = None
    status: LearningStatus | None = None
    added: int | None = None
    resumed: bool = False
    error: str | None = None


class Report(msgspec.Struct, kw_only=True):
    """What `learn --json` prints."""

    space_id: str
    sessions: list[SessionReport]
    skills: list[dict[str, object]]
    errors: list[str]
    skipped: int = 0


def learn(
    paths: Annotated[list[Path], typer.Argument(help="Transcripts, or folders of them.")],
    space: Annotated[
        str, typer.Option("--space", help="The learning space to teach; made when it is new.")
    ] = "default",
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", help=f"How to read the files: {', '.join(importers.FORMATS)}.")
    ] = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many model calls and tokens it would take; spend nothing.")
    ] = False,
    base_url: BaseUrl = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Learn from past sessions: read transcripts, find their tasks and write what they teach into skills.

    Sessions that were learned from before are skipped, so an interrupted run is simply started again.
    """
    with reported():
        config = load_config(home, base_url=base_url)
        found = importers.search(paths, format)
        files = list(found.files)
        if found.skipped:
            err.print(
                f"note: no session that can be read is in {_count(found.skipped, 'JSON file')} of the folders; "
                "name one to see why.",
                markup=False,
            )
        if dry_run:
            estimate, errors = asyncio.run(_estimate(config, files, space, format))
            _print_estimate(estimate, errors, as_json=json)
            if errors:
                raise typer.Exit(FAILED)
            return
        report = asyncio.run(_learn(config, files, space, format, quiet=json))
        report.skipped = found.skipped
    if json:
        print_json(report)
    else:
        _print(report, space, "" if home is None else f" --home {home}")
    if report.errors or any(one.status == "failed" for one in report.sessions):
        raise typer.Exit(FAILED)


async def _learn(config: Config, files: list[Path], space: str, format_: str, *, quiet: bool) -> Report:
    engine = Engine.open(config)
    errors: list[str] = []
    try:
        await engine.start()
        project = await engine.projects.default()
        row = await engine.learning.space_named(project.id, space)
        with progress(quiet=quiet) as bar:
            taken = await _take(engine, project.id, row.id, files, format_, errors, bar)
            sessions = await _settle(engine, project.id, row.id, taken, bar)
        skills = await engine.skills.of_space(project.id, row.id)
        return Report(
            space_id=row.id, sessions=sessions, skills=[_skill_json(state) for state in skills], errors=errors
        )
    finally:
        await engine.close()


async def _estimate(config: Config, files: list[Path], space: str, format_: str) -> tuple[Estimate, list[str]]:
    """What learning would cost, and which files could not be read."""
    # The transcripts are counted, not learned: the engine is opened, but not started.
    engine = Engine.open(msgspec.structs.replace(config, model=""))
    try:
        project = await engine.projects.default()
        errors: list[str] = []
        return await engine.learning.estimate(project.id, space, _transcripts(files, format_, errors)), errors
    finally:
        await engine.close()


def _transcripts(files: list[Path], format_: str, errors: list[str]) -> Iterator[Transcript]:
    for path in files:
        try:
            yield from importers.read(path, format_)
        except BadTranscript as error:
            errors.append(str(error))
            err.print(f"error: {error}", markup=False)


def _print_estimate(found: Estimate, errors: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**msgspec.to_builtins(found), "errors": errors})
        return
    known = f", {found.known} already learned from before" if found.known else ""
    out.print(f"{_count(found.sessions, 'session')} with {_count(found.messages, 'message')}{known}.", markup=False)
    out.print("With a language model that takes about:", markup=False)
    rows = [(stage, found.calls[stage], f"{found.input_tokens[stage]:,}") for stage in found.calls]
    rows.append(("all", sum(found.calls.values()), f"{sum(found.input_tokens.values()):,}"))
    print_table(("STAGE", "CALLS", "INPUT TOKENS"), rows, "")
    out.print("Answers come on top: usually a tenth to a fifth of that. The built-in rules cost nothing.", markup=False)


async def _take(
    engine: Engine, project_id: str, space_id: str, files: list[Path], format_: str, errors: list[str], bar: Progress
) -> list[Imported]:
    """Import every transcript, in order; a file that cannot be read is reported and the others go on."""
    shown = bar.add_task("Reading", total=len(files))
    taken: dict[str, Imported] = {}
    for path in files:
        try:
            for transcript in await asyncio.to_thread(_read, path, format_):
                errors_of = [f"{transcript.source}: {warning}" for warning in transcript.warnings]
                for line in errors_of:
                    err.print(f"warning: {line}", markup=False)
                imported = await engine.learning.take(project_id, space_id, transcript)
                taken[imported.session_id] = imported
        except BadTranscript as error:
            errors.append(str(error))
            err.print(f"error: {error}", markup=False)
        bar.advance(shown)
    return list(taken.values())


def _read(path: Path, format_: str) -> list[Transcript]:
    return list(importers.read(path, format_))


async def _settle(
    engine: Engine, project_id: str, space_id: str, taken: list[Imported], bar: Progress
) -> list[SessionReport]:
    """Wait until every session is completed or failed."""
    shown = bar.add_task("Learning", total=len(taken))
    wanted = {one.session_id for one in taken}
    said: set[str] = set()
    began = asyncio.get_running_loop().time()
    resumed: set[str] | None = None
    while True:
        change = engine.dispatcher.next_change()
        states = {one.link.session_id: one for one in await engine.spaces.states(project_id, space_id)}
        done = {key for key in wanted if key not in states or states[key].status in ("completed", "failed")}
        resumed = wanted - done if resumed is None else resumed
        bar.update(shown, completed=len(done))
        # At first the reasons may be those of an earlier run.
        late = asyncio.get_running_loop().time() - began > WAIT_SAID_SECONDS
        for reason in sorted({states[key].reason for key in wanted - done if late and states[key].reason} - said):
            said.add(reason)
            err.print(f"waiting: {reason} Stop with Ctrl-C; nothing is lost.", markup=False)
        if done == wanted:
            break
        await until_changed(change, POLL_SECONDS)
    counts = await engine.learning.counts(sorted(wanted))
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
            error=_reason(states[one.session_id].reason if one.session_id in states else "The session was deleted."),
        )
        for one in taken
    ]


def _reason(text: str) -> str | None:
    return text or None


def _skill_json(state: SkillState) -> dict[str, object]:
    return {"id": state.row.id, "name": state.row.name, "files": [path for path, _ in state.index]}


def _print(report: Report, space: str, at: str) -> None:
    say: Callable[[str], None] = lambda text: out.print(text, markup=False)  # noqa: E731 - one word for one thing
    new = [one for one in report.sessions if one.added or one.resumed]
    for one in new[:SHOWN_MAX]:
        mark = {"completed": "ok", "failed": "failed"}.get(one.status or "", one.status or "")
        what = f"{_count(one.messages, 'message')}, {_count(one.tasks, 'task')}, {_count(one.lessons, 'lesson')}"
        say(f"  {mark:<8}{one.source}: {what}{f' ({one.error})' if one.error else ''}")
    if len(new) > SHOWN_MAX:
        say(f"  ... and {len(new) - SHOWN_MAX} more")
    known = len(report.sessions) - len(new)
    parts = [f"Learned from {_count(len(new), 'session')}"]
    if known:
        parts.append(f"{known} already learned from before")
    if report.errors:
        parts.append(f"{_count(len(report.errors), 'file')} could not be read")
    say(f"{'; '.join(parts)}. The space {space!r} has {_count(len(report.skills), 'skill')}.")
    if report.skills:
        say(f"See them with: seasoned skills list{at}")


def _count(number: int | None, noun: str) -> str:
    return f"{number or 0} {noun}{'' if number == 1 else 's'}"
