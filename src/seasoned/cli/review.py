"""`seasoned review`: what waits for a person, with one key each at the terminal, or as commands for scripts."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from seasoned.cli.console import (
    Home,
    Json,
    Project,
    Space,
    load_config,
    note,
    one_line,
    print_json,
    print_table,
    say,
    with_records,
)
from seasoned.cli.edits import edited_text
from seasoned.cli.spaces import labels
from seasoned.clock import to_rfc3339
from seasoned.engine.proposals import Proposal, ShownProposal, texts_of
from seasoned.engine.records import Records
from seasoned.errors import Invalid, SeasonedError
from seasoned.store.rows import PAGE_MAX, PageQuery

app = typer.Typer(add_completion=False, help="Approve, edit or reject what waits for review.")

KEYS = "j next, k previous, a approve, e edit and approve, r reject, u undo, q quit"
_MARK = "<!-- text {} of {}: leave this line -->"
_MARKS = re.compile(r"^<!-- text \d+ of \d+: leave this line -->\n", re.MULTILINE)

Ids = Annotated[list[str], typer.Argument(help="The proposals' ids, as `seasoned review list` shows them.")]


@app.callback(invoke_without_command=True)
def review(context: typer.Context, space: Space = "", project: Project = "", home: Home = None) -> None:
    """Go through what waits, one key each: j and k move, a approves, e edits first, r rejects, u undoes, q quits."""
    if context.invoked_subcommand is not None:
        return

    async def work(held: Records, own: str) -> None:
        found = await _waiting(held, own, space)
        if not found:
            say("Nothing waits for review.")
            return
        if not sys.stdin.isatty():
            raise Invalid("This needs a terminal; in scripts use `seasoned review list`, `approve` and `reject`.")
        await _Table(held, own, found).run()

    with_records(load_config(home), work, project)


@app.command("list")
def list_(
    status: Annotated[
        Literal["pending", "approved", "rejected"], typer.Option("--status", help="Those with this status.")
    ] = "pending",
    limit: Annotated[int, typer.Option("--limit", min=1, max=PAGE_MAX, help="The most to show.")] = PAGE_MAX,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """List proposals, oldest first."""

    async def work(held: Records, own: str) -> tuple[list[Proposal], dict[str, str]]:
        wanted = (await held.spaces.called(own, space)).id if space else ""
        found, _ = await held.proposals.page(own, PageQuery(limit=limit), space_id=wanted, status=status)
        return found, labels(await held.spaces.every(own))

    found, called = with_records(load_config(home), work, project)
    if json:
        print_json([_json(one) for one in found])
        return
    rows = [
        (
            one.row.id,
            called.get(one.row.space_id, "-"),
            " ".join(one.row.head_of()),
            len(one.lessons),
            "; ".join(one.row.finding_list()) or one.row.why or ("stale" if one.is_stale else ""),
            _title(one),
        )
        for one in found
    ]
    print_table(("ID", "SPACE", "SKILLS", "LESSONS", "FLAGGED", "SAYS"), rows, "Nothing waits for review.")


@app.command("show")
def show(
    proposal: Annotated[str, typer.Argument(help="The proposal's id.")],
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a proposal: its difference, its lessons with their words, and what the safety checks said."""
    shown = with_records(load_config(home), lambda held, own: held.proposals.show(own, proposal), project)
    if json:
        files = [{"skill": skill, **_file(one)} for skill, found in sorted(shown.files.items()) for one in found]
        texts = texts_of(shown.proposal.row)
        print_json({**_json(shown.proposal), "files": files, "texts": texts, "conflict": shown.conflict})
    else:
        _print(shown)


@app.command("approve")
def approve(
    proposals: Ids,
    stale: Annotated[
        bool, typer.Option("--stale", help="Also where a skill has a newer version than the one that it was made on.")
    ] = False,
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Approve proposals of one learning space, all of them or none."""

    async def work(held: Records, own: str) -> list[Proposal]:
        heads: dict[str, int] = {}
        for one in proposals if stale else ():
            heads |= (await held.proposals.get(own, one)).heads
        return await held.proposals.approve(own, proposals, heads=heads if stale else None)

    _told(with_records(load_config(home), work, project), json=json)


@app.command("reject")
def reject(
    proposals: Ids,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Reject proposals, all of them or none. What says the same is not proposed again until you undo it."""
    config = load_config(home)
    _told(with_records(config, lambda held, own: held.proposals.reject(own, proposals, reason), project), json=json)


@app.command("undo")
def undo(
    proposal: Annotated[str, typer.Argument(help="The proposal's id.")],
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Take a decision back: the proposal waits again, the version of an approval is reverted."""
    _told([with_records(load_config(home), lambda held, own: held.proposals.undo(own, proposal), project)], json=json)


class _Table:
    """The proposals on the table of a person at a terminal."""

    def __init__(self, held: Records, project_id: str, found: Sequence[Proposal]) -> None:
        self._held = held
        self._project_id = project_id
        self._ids = [one.row.id for one in found]
        self._place = 0
        self._decided: list[str] = []

    async def run(self) -> None:
        """Show a proposal, take a key, until the last one is decided or the person quits."""
        while self._ids:
            self._place = min(self._place, len(self._ids) - 1)
            shown = await self._held.proposals.show(self._project_id, self._ids[self._place])
            say(f"\n[{self._place + 1} of {len(self._ids)}]")
            _print(shown)
            say(KEYS)
            key = typer.getchar()
            if key == "q":
                return
            try:
                await self._act(key, shown)
            except SeasonedError as error:
                note(f"seasoned: {error}")
        say("Nothing waits for review any more.")

    async def _act(self, key: str, shown: ShownProposal) -> None:
        use, row, heads = self._held.proposals, shown.proposal.row, shown.proposal.heads
        match key:
            case "j" | "k":
                self._place = (self._place + (1 if key == "j" else -1)) % len(self._ids)
            case "a":
                self._done(await use.approve(self._project_id, [row.id], heads=heads))
            case "e":
                texts = _edited(texts_of(row))
                self._done(await use.approve(self._project_id, [row.id], heads=heads, texts=texts))
            case "r":
                self._done(await use.reject(self._project_id, [row.id], typer.prompt("Why")))
            case "u" if self._decided:
                undone = await use.undo(self._project_id, self._decided[-1])
                self._ids.insert(self._place, self._decided.pop())
                say(f"{undone.row.id} waits again.")
            case _:
                note(KEYS)

    def _done(self, found: Sequence[Proposal]) -> None:
        for one in found:
            self._ids.remove(one.row.id)
            self._decided.append(one.row.id)
            say(_outcome(one))


async def _waiting(held: Records, project_id: str, space: str) -> list[Proposal]:
    wanted = (await held.spaces.called(project_id, space)).id if space else ""
    return (await held.proposals.page(project_id, PageQuery(limit=PAGE_MAX), space_id=wanted, status="pending"))[0]


def _edited(texts: Sequence[str]) -> list[str]:
    """The texts as the editor leaves them. Raises Invalid."""
    marked = [f"{_MARK.format(place, len(texts))}\n{text}\n" for place, text in enumerate(texts, start=1)]
    found = _MARKS.split(edited_text("proposal.md", "".join(marked)))
    if len(found) != len(texts) + 1 or not all(text.strip() for text in found[1:]):
        raise Invalid("Keep the lines that begin with `<!-- text`, each with its text; reject what you do not want.")
    return [text.strip() for text in found[1:]]


def _print(shown: ShownProposal) -> None:
    one = shown.proposal
    say(f"{one.row.id} ({one.row.status}{', stale' if one.is_stale else ''}), {to_rfc3339(one.row.created_at)[:16]}")
    if one.row.why:
        say(f"  health: {one_line(one.row.why)}")
    for finding in one.row.finding_list():
        say(f"  flagged: {one_line(finding)}")
    for lesson in one.lessons:
        say(f"  taught by {lesson.kind} {lesson.id}: {one_line(lesson.title or lesson.text)}")
        for quote in lesson.value().quotes:
            say(f"    session {lesson.session_id}, message {quote.number}: {one_line(quote.text)}")
    for skill, found in sorted(shown.files.items()):
        for file in found:
            say(f"{skill}/{file.path} would be {file.change}:")
            say("\n".join(one_line(line) for line in file.text.splitlines()))
    if shown.conflict and one.row.status == "pending":
        say(f"  {one_line(shown.conflict)}")


def _title(one: Proposal) -> str:
    texts = texts_of(one.row)
    return one_line(texts[0].splitlines()[0] if texts and texts[0] else "")[:100]


def _told(found: Sequence[Proposal], *, json: bool) -> None:
    if json:
        print_json([_json(one) for one in found])
        return
    for one in found:
        say(_outcome(one))


def _outcome(one: Proposal) -> str:
    made = ", ".join(f"version {made.version}" for made in one.row.made_list())
    return f"{one.row.id} is {one.row.status}{f': {made}' if made else ''}."


def _json(one: Proposal) -> dict[str, object]:
    row = one.row
    return {
        "id": row.id,
        "space_id": row.space_id,
        "status": row.status,
        "reason": row.reason,
        "why": row.why,
        "findings": row.finding_list(),
        "is_stale": one.is_stale,
        "made_on": row.head_of(),
        "heads": one.heads,
        "lessons": [{"id": two.id, "kind": two.kind, "title": two.title, "text": two.text} for two in one.lessons],
        "made": [{"skill_id": made.skill_id, "version": made.version} for made in row.made_list()],
        "created_at": to_rfc3339(row.created_at),
    }


def _file(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("path", "change", "text")}
