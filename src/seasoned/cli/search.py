"""`seasoned search`: what was learned, by its words."""

import sys
from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, Project, load_config, one_line, print_json, reported, say, with_records
from seasoned.clock import SECOND, SystemClock, to_rfc3339
from seasoned.engine.records import Records
from seasoned.engine.search import KINDS, LIMIT_MAX, Found, FoundPage, kinds_of
from seasoned.store.documents import Filter
from seasoned.task import TaskStatus


def search(
    words: Annotated[list[str], typer.Argument(help="What to search for, in any words.")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help=f"Only this kind ({', '.join(KINDS)}); may be given several times."),
    ] = None,
    space: Annotated[str, typer.Option("--space", help="Only this learning space, by its name or id.")] = "",
    session: Annotated[
        str, typer.Option("--session", help="Only lessons, tasks and messages of the session with this id.")
    ] = "",
    user: Annotated[str, typer.Option("--user", help="Only what belongs to this user.")] = "",
    outcome: Annotated[
        TaskStatus | None, typer.Option("--outcome", help="Only lessons, tasks and messages of tasks that ended so.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="Only what is newer: 2026-01-31, 12h, 7d, 4w.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many to show at most.", min=1, max=LIMIT_MAX)] = 10,
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Search skills, entries, lessons, tasks and messages. The closest comes first.

    Messages are found once they were read. Filters by session and outcome leave out skills and entries.
    """
    with reported():
        after, kinds = _since(since), kinds_of(kind or ())

    async def work(held: Records, own: str) -> FoundPage:
        only = Filter(
            space=(await held.spaces.called(own, space)).id if space else "",
            session=session.lower(),
            user=user,
            outcome=outcome or "",
            since=after,
        )
        return await held.search.find(own, " ".join(words), kinds=kinds, only=only, limit=limit)

    found = with_records(load_config(home), work, project)
    if json:
        print_json([_as_json(one) for one in found.items])
        return
    for one in found.items:
        say(f"{one.kind:<8}{one_line(one.title)}{_place(one)}")
        say(f"        {_shown(one)}")
    if not found.items:
        say("Nothing was found; try other words, or fewer filters.")


def _since(text: str) -> int:
    if not text:
        return 0
    from seasoned.cli.sources import moment  # noqa: PLC0415 - it loads the importers

    return moment(text, SystemClock().now() / SECOND)


def _place(one: Found) -> str:
    if one.path:
        return f"/{one_line(one.path)}"
    if one.session_id:
        return f"  {one.session_id}" + (f", message {one.number}" if one.number else "")
    return ""


def _shown(one: Found) -> str:
    """The excerpt, with its words in bold at a terminal."""
    text, shown, place = one.excerpt, "", 0
    if not sys.stdout.isatty():
        return one_line(text)
    for mark in one.marks:
        shown += f"{one_line(text[place : mark.start])}\x1b[1m{one_line(text[mark.start : mark.end])}\x1b[0m"
        place = mark.end
    return shown + one_line(text[place:])


def _as_json(one: Found) -> dict[str, object]:
    return {
        "kind": one.kind,
        "id": one.id,
        "title": one.title,
        "path": one.path,
        "session_id": one.session_id,
        "number": one.number,
        "excerpt": one.excerpt,
        "marks": [[mark.start, mark.end] for mark in one.marks],
        "score": one.score,
        "at": to_rfc3339(one.at),
    }
