"""`seasoned spaces`, `seasoned sessions` and `seasoned usage`: what a home holds, and what it cost."""

from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, load_config, out, print_json, print_table, with_engine
from seasoned.clock import to_rfc3339
from seasoned.engine import Engine
from seasoned.engine.calls import MICROS
from seasoned.store.calls import UsageRow
from seasoned.store.rows import PAGE_MAX, PageQuery, load_object

spaces_app = typer.Typer(no_args_is_help=True)
sessions_app = typer.Typer(no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", help="How many to show at most.", min=1, max=PAGE_MAX)]


@spaces_app.command("list")
def list_spaces(limit: Limit = PAGE_MAX, home: Home = None, json: Json = False) -> None:
    """List the learning spaces, oldest first."""

    async def load(engine: Engine, project_id: str) -> list[dict[str, object]]:
        rows, _ = await engine.spaces.page(project_id, PageQuery(limit=limit))
        return [
            {
                "id": row.id,
                "name": row.name,
                "meta": load_object(row.meta),
                "sessions": len(await engine.spaces.states(project_id, row.id)),
                "skills": len(await engine.skills.of_space(project_id, row.id)),
                "lessons_settled": row.written_to,
                "error": row.write_error,
                "created_at": to_rfc3339(row.created_at),
            }
            for row in rows
        ]

    found = with_engine(load_config(home), load)
    if json:
        print_json(found)
    else:
        rows = [(r["id"], r["name"], r["sessions"], r["skills"], r["lessons_settled"], r["error"]) for r in found]
        print_table(("ID", "NAME", "SESSIONS", "SKILLS", "LESSONS", "ERROR"), rows, "No learning space yet.")


@sessions_app.command("list")
def list_sessions(limit: Limit = PAGE_MAX, home: Home = None, json: Json = False) -> None:
    """List the newest sessions."""

    async def load(engine: Engine, project_id: str) -> list[dict[str, object]]:
        rows, _ = await engine.sessions.page(project_id, PageQuery(limit=limit, newest_first=True))
        counts = await engine.learning.counts([row.id for row in rows])
        return [
            {
                "id": row.id,
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

    found = with_engine(load_config(home), load)
    if json:
        print_json(found)
    else:
        keys = ("id", "source", "messages", "read", "tasks", "lessons", "error")
        print_table([key.upper() for key in keys], [[r[key] for key in keys] for r in found], "No session yet.")


def usage(
    days: Annotated[int, typer.Option("--days", help="How many days back.", min=1, max=366)] = 30,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what model calls cost: calls, tokens, price and time by day, space, stage and model, and today's budgets."""
    found = with_engine(load_config(home), lambda engine, project: engine.calls.usage(project, days))
    if json:
        print_json(found)
        return
    keys = ("day", "stage", "model", "calls", "failed", "input_tokens", "cached_tokens", "output_tokens")
    table = [[*(getattr(row, key) for key in keys), _dollars(row)] for row in found.items]
    names = [*(key.upper() for key in keys), "USD"]
    print_table(names, table, "No model was called; the built-in rules cost nothing.")
    for budget in found.budgets:
        state = "used up, learning pauses until tomorrow (UTC)" if budget.is_used_up else "in force"
        out.print(
            f"Budget of the {budget.of}: {budget.used:,.2f} of {budget.limit:,.2f} {budget.unit} today; {state}.",
            markup=False,
        )


def _dollars(row: UsageRow) -> str:
    """A price in dollars; a question mark when some calls have none."""
    return f"{row.price_micros / MICROS:.4f}{' ?' if row.unpriced else ''}"
