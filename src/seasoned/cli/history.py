"""`seasoned skills log|diff|revert|blame|pin`: the history of skills."""

from pathlib import Path
from typing import Annotated

import typer

from seasoned.cli.console import (
    Home,
    Json,
    Project,
    Space,
    load_config,
    one_line,
    print_json,
    print_table,
    say,
    with_records,
)
from seasoned.cli.spaces import skill_named
from seasoned.clock import to_rfc3339
from seasoned.engine.blame import BlamedFile, TaughtLesson, Why
from seasoned.engine.diffs import FileDiff
from seasoned.engine.history import Version
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillState
from seasoned.errors import Invalid
from seasoned.lesson import evidence_of
from seasoned.skill import SKILL_FILE
from seasoned.store.history import VersionRow
from seasoned.store.rows import PAGE_MAX, PageQuery
from seasoned.store.skills import FileRow

Name = Annotated[str, typer.Argument(help="The skill's name or id; NAME/FILE names a file too.")]
File = Annotated[str, typer.Argument(help="A file of the skill.", show_default=SKILL_FILE)]
Limit = Annotated[int, typer.Option("--limit", min=1, max=PAGE_MAX, help="The most versions to show.")]


def log(
    name: Name, limit: Limit = 20, space: Space = "", project: Project = "", home: Home = None, json: Json = False
) -> None:
    """List the versions of a skill, the newest first: who made each, when, why, and what it changed."""

    async def work(held: Records, own: str) -> list[Version]:
        skill = await skill_named(held, own, space, name)
        return (await held.history.log(own, skill.row.id, PageQuery(limit=limit, newest_first=True)))[0]

    found = with_records(load_config(home), work, project)
    if json:
        print_json([version_json(one) for one in found])
        return
    rows = [
        (
            one.row.number,
            one.row.author,
            to_rfc3339(one.row.created_at)[:16],
            len(one.row.lesson_ids()),
            " ".join(f"{change.change[0].upper()}:{change.path}" for change in one.changes),
            one.row.reason,
        )
        for one in found
    ]
    print_table(("VERSION", "AUTHOR", "TIME", "LESSONS", "CHANGES", "REASON"), rows, "No versions.")


def show_manifest(name: str, version: int, space: str, project: str, home: Path | None, *, json: bool) -> None:
    """List the files of a version with their SHA-256."""

    async def work(held: Records, own: str) -> tuple[Version, list[FileRow]]:
        skill = await skill_named(held, own, space, name)
        return await held.history.manifest(own, skill.row.id, version or skill.row.head)

    found, rows = with_records(load_config(home), work, project)
    if json:
        files = [{"path": row.path, "sha256": row.sha256, "size": row.size, "mime": row.mime} for row in rows]
        print_json({**version_json(found), "files": files})
    else:
        print_table(("SHA256", "SIZE", "PATH"), [(row.sha256, row.size, row.path) for row in rows], "No files.")


def diff(
    name: Name,
    first: Annotated[int | None, typer.Argument(metavar="FROM", help="The older version; 0: nothing.", min=0)] = None,
    last: Annotated[int | None, typer.Argument(metavar="TO", help="The newer version.", min=0)] = None,
    file: Annotated[str, typer.Option("--file", help="Only this file.")] = "",
    words: Annotated[bool, typer.Option("--words", help="Mark the words that changed, which suits prose.")] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what changed: in the newest version, since a version, or between two."""

    async def work(held: Records, own: str) -> list[FileDiff]:
        skill = await skill_named(held, own, space, name)
        new = skill.row.head if last is None else last
        old = max(0, new - 1) if first is None else first
        return await held.history.diff(own, skill.row.id, old, new, path=file, words=words)

    found = with_records(load_config(home), work, project)
    if json:
        print_json(found)
        return
    for one in found:
        say(one.text or f"{one.path} was {one.change}; it is no text.\n", end="")


def revert(
    name: Name,
    version: Annotated[int, typer.Argument(help="The version whose files the skill shall have again.", min=1)],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the log.")] = "",
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Make a new version with the files of an old one. It can be reverted too."""

    async def work(held: Records, own: str) -> tuple[SkillState, int]:
        skill = await skill_named(held, own, space, name)
        return skill, await held.history.revert(own, skill.row.id, version, reason=reason)

    skill, number = with_records(load_config(home), work, project)
    if json:
        print_json({"skill_id": skill.row.id, "version": number})
    elif number == skill.row.head:
        say(f"{skill.row.name} already has the files of version {version}.")
    else:
        say(f"{skill.row.name} is at version {number} now, with the files of version {version}.")


def blame(
    name: Name,
    file: File = "",
    version: Annotated[int, typer.Option("--version", help="Of which version; the newest if left out.", min=0)] = 0,
    why: Annotated[int, typer.Option("--why", metavar="LINE", help="Show who taught this line.", min=0)] = 0,
    trace: Annotated[
        bool, typer.Option("--trace", help="Print the whole skill's origins as Agent Trace JSON.")
    ] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show which version brought each line of a file; with --why its lessons, tasks and messages."""
    path = file or name.partition("/")[2] or SKILL_FILE

    async def work(held: Records, own: str) -> object:
        skill = await skill_named(held, own, space, name)
        if trace:
            return await held.blame.trace(own, skill.row.id, "seasoned:session", number=version)
        if why:
            return await held.blame.why(own, skill.row.id, path, why, number=version)
        return await held.blame.of_file(own, skill.row.id, path, number=version)

    found = with_records(load_config(home), work, project)
    if isinstance(found, Why):
        _print_why(found, json=json)
    elif isinstance(found, BlamedFile):
        _print_blame(found, json=json)
    else:
        print_json(found)


def pin(
    name: Name,
    heading: Annotated[str, typer.Argument(help="The heading's words; left out, the pinned ones are listed.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Let the learner change the sections again.")] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Keep the learner from changing the sections under a heading; it may add entries beside them."""

    async def work(held: Records, own: str) -> list[str]:
        skill = await skill_named(held, own, space, name)
        if not heading:
            if remove:
                raise Invalid("Name the heading that is to be unpinned.")
            return await held.history.pins(own, skill.row.id)
        change = held.history.unpin if remove else held.history.pin
        return await change(own, skill.row.id, heading)

    found = with_records(load_config(home), work, project)
    if json:
        print_json({"headings": found})
    else:
        say("\n".join(found) if found else "Nothing is pinned.")


def version_json(one: Version) -> dict[str, object]:
    """A version for programs."""
    return {**_version_json(one.row), "lessons": one.row.lesson_ids(), "changes": one.changes}


def _version_json(row: VersionRow) -> dict[str, object]:
    return {
        "number": row.number,
        "author": row.author,
        "reason": row.reason,
        "created_at": to_rfc3339(row.created_at),
    }


def _print_blame(found: BlamedFile, *, json: bool) -> None:
    if json:
        ranges = [
            {"start": one.start, "end": one.end, "version": _version_json(one.version), "lessons": one.lessons}
            for one in found.ranges
        ]
        print_json({"path": found.path, "version": found.number, "lines": found.lines, "ranges": ranges})
        return
    width = len(str(len(found.lines)))
    for one in found.ranges:
        row = one.version
        for number in range(one.start, one.end + 1):
            head = f"{row.number:>4} {row.author:<8} {to_rfc3339(row.created_at)[:16]} {number:>{width}})"
            say(f"{head} {one_line(found.lines[number - 1])}".rstrip())


def _print_why(found: Why, *, json: bool) -> None:
    row = found.version
    if json:
        told = {"path": found.path, "line": found.line, "text": found.text, "version": _version_json(row)}
        lessons = [_lesson_json(one) for one in found.taught]
        print_json({**told, "lessons": lessons, "evidence": [_lesson_json(one) for one in found.evidence]})
        return
    say(f"{found.path}:{found.line}: {one_line(found.text)}")
    say(f"version {row.number} by {row.author}, {to_rfc3339(row.created_at)[:16]}: {one_line(row.reason)}")
    for word, every in (("taught by", found.taught), ("supported by", found.evidence)):
        for one in every:
            say(f"  {word} {one.lesson.kind} {one.lesson.id}: {one_line(one.lesson.title or one.lesson.text)}")
            if one.task is not None:
                say(f"    task {one.task.id} ({one.task.status}): {one_line(one.task.title)}")
            for source in one.sources:
                message = source.message
                say(
                    f"    session {message.session_id}, message {message.number} ({message.role}): "
                    f"{one_line(source.quote)}"
                )


def _lesson_json(one: TaughtLesson) -> dict[str, object]:
    row = one.lesson
    return {
        "id": row.id,
        "kind": row.kind,
        "title": row.title,
        "text": row.text,
        "evidence": evidence_of(row.basis),
        "session_id": row.session_id,
        "task_id": row.task_id,
        "task": None if one.task is None else one.task.title,
        "messages": [
            {
                "session_id": source.message.session_id,
                "message_id": source.message.id,
                "number": source.message.number,
                "role": source.message.role,
                "quote": source.quote,
                "is_quoted": source.is_quoted,
            }
            for source in one.sources
        ],
    }
