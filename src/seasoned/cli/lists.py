"""`seasoned spaces`, `seasoned sessions` and `seasoned usage`: what a home holds, and what it cost."""

from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, Project, Space, load_config, print_json, print_table, say, with_records
from seasoned.cli.sessions import export
from seasoned.cli.spaces import labels
from seasoned.clock import to_rfc3339
from seasoned.engine.model_calls import MICROS, Usage
from seasoned.engine.records import Records
from seasoned.space import Policy
from seasoned.store.model_calls import UsageRow
from seasoned.store.rows import PAGE_MAX, PageQuery, load_object
from seasoned.store.spaces import SpaceRow

spaces_app = typer.Typer(no_args_is_help=True, add_completion=False, help="List learning spaces, set their policies.")
sessions_app = typer.Typer(no_args_is_help=True, add_completion=False, help="List and export sessions.")
sessions_app.command("export")(export)

Limit = Annotated[int, typer.Option("--limit", help="How many to show at most.", min=1, max=PAGE_MAX)]


@spaces_app.callback()
def _spaces() -> None:
    pass


@sessions_app.callback()
def _sessions() -> None:
    pass


@spaces_app.command("list")
def list_spaces(limit: Limit = PAGE_MAX, project: Project = "", home: Home = None, json: Json = False) -> None:
    """List the learning spaces, oldest first. Spaces created over HTTP have no name; use their id."""

    async def load(held: Records, project_id: str) -> list[dict[str, object]]:
        rows, _ = await held.spaces.page(project_id, PageQuery(limit=limit))
        sizes = await held.spaces.sizes([row.id for row in rows])
        return [
            {
                "id": row.id,
                "name": row.name,
                "meta": load_object(row.meta),
                "policy": row.policy,
                "sessions": sizes[row.id][0],
                "skills": sizes[row.id][1],
                "lessons_settled": row.written_to,
                "error": row.write_error,
                "created_at": to_rfc3339(row.created_at),
            }
            for row in rows
        ]

    found = with_records(load_config(home), load, project)
    if json:
        print_json(found)
    else:
        rows = [
            (r["id"], r["name"] or "-", r["policy"], r["sessions"], r["skills"], r["lessons_settled"], r["error"])
            for r in found
        ]
        names = ("ID", "NAME", "POLICY", "SESSIONS", "SKILLS", "LESSONS", "ERROR")
        print_table(names, rows, "No learning space yet.")


@spaces_app.command("policy")
def policy(
    space: Annotated[str, typer.Argument(help="The learning space's name or id.")],
    policy: Annotated[
        Policy,
        typer.Argument(help="`auto`: write what is learned; `review`: let it wait for `seasoned review`."),
    ],
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Set whether what a learning space learns is written at once or waits for review."""

    async def work(held: Records, own: str) -> SpaceRow:
        row = await held.spaces.called(own, space)
        return await held.spaces.set_policy(own, row.id, policy)

    row = with_records(load_config(home), work, project)
    if json:
        print_json({"id": row.id, "name": row.name, "policy": row.policy})
    else:
        say(f"The policy of {row.name or row.id} is {row.policy} now.")


@sessions_app.command("list")
def list_sessions(
    limit: Limit = PAGE_MAX, space: Space = "", project: Project = "", home: Home = None, json: Json = False
) -> None:
    """List the newest sessions, and the space that each teaches."""

    async def load(held: Records, project_id: str) -> list[dict[str, object]]:
        wanted = (await held.spaces.called(project_id, space)).id if space else ""
        rows, _ = await held.sessions.page(project_id, PageQuery(limit=limit, newest_first=True), space=wanted)
        counts = await held.sessions.counts([row.id for row in rows])
        called = labels(await held.spaces.every(project_id))
        taught = await held.spaces.of_sessions([row.id for row in rows])
        return [
            {
                "id": row.id,
                "space_id": taught.get(row.id),
                "space": called.get(taught.get(row.id, "")),
                "source": row.source,
                "messages": row.last_number,
                "read": row.extracted_to,
                "tasks": counts[row.id].tasks,
                "lessons": counts[row.id].lessons,
                "error": row.extract_error,
                "created_at": to_rfc3339(row.created_at),
            }
            for row in rows
        ]

    found = with_records(load_config(home), load, project)
    if json:
        print_json(found)
    else:
        keys = ("id", "space", "source", "messages", "read", "tasks", "lessons", "error")
        rows = [["-" if r[key] is None else r[key] for key in keys] for r in found]
        print_table([key.upper() for key in keys], rows, "No session yet.")


def usage(
    days: Annotated[int, typer.Option("--days", help="How many days back.", min=1, max=366)] = 30,
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show the cost of model calls, and today's budgets.

    Sums calls, tokens, price and time by day, space, stage and model.
    """

    async def load(held: Records, project_id: str) -> tuple[Usage, dict[str, str]]:
        return await held.calls.usage(project_id, days), labels(await held.spaces.every(project_id))

    found, called = with_records(load_config(home), load, project)
    if json:
        print_json(found)
        return
    keys = ("day", "space", "stage", "model", "calls", "failed", "input_tokens", "cached_tokens", "output_tokens")
    spaces = [called.get(row.space_id, row.space_id) or "-" for row in found.items]
    table = [
        [row.day, where, *(getattr(row, key) for key in keys[2:]), _dollars(row)]
        for row, where in zip(found.items, spaces, strict=True)
    ]
    names = [*(key.upper() for key in keys), "USD"]
    print_table(names, table, "No model was called; the built-in rules cost nothing.")
    for budget in found.budgets:
        state = "used up, learning pauses until tomorrow (UTC)" if budget.is_used_up else "in force"
        say(f"Budget of the {budget.of}: {budget.used:,.2f} of {budget.limit:,.2f} {budget.unit} today; {state}.")


def _dollars(row: UsageRow) -> str:
    """A price in dollars; a question mark when some calls have none."""
    return f"{row.price_micros / MICROS:.4f}{' ?' if row.unpriced else ''}"
