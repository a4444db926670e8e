"""`make demo`: learn from the sessions beside this file, show what came out, and where one line of it comes from.

It runs the same commands as a user would, on a home folder of its own, and needs no key and no network. With
SEASONED_MODEL set, that model learns instead of the built-in rules.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import sqlalchemy as sa
from rich.console import Console

from seasoned import config
from seasoned.engine.records import Records
from seasoned.lesson import Quote
from seasoned.skill import entries, entry_hash
from seasoned.store import Connection
from seasoned.store.schema import entry_lessons, lessons, messages, sessions, skills, space_skills, spaces

HERE = Path(__file__).parent
SPACE, JOURNAL, FACTS = "shop", "daily-logs", "user-general-facts"
QUOTE_CHARS = 100
out = Console(highlight=False, soft_wrap=True)


class Source(msgspec.Struct, frozen=True):
    """A message that an entry rests on: its session, its number there, who said it, and the words that were quoted."""

    session: str
    number: int
    said_by: str
    quote: str


def main() -> None:
    """Learn, show, trace."""
    # Ctrl-C ends this, too; the command under way says so in a line of its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("demo-home"))
    home = parser.parse_args().home
    model = os.environ.get("SEASONED_MODEL", "")
    title(f"1. Learn from past sessions, with {model or 'the built-in rules'}")
    out.print(
        "Five sessions of a web shop's team; nine real ones go into a space of their own (examples/SOURCES.md).\n"
    )
    seasoned(home, "learn", str(HERE / "shop"), "--space", SPACE)
    seasoned(home, "learn", str(HERE / "airline.json"), str(HERE / "claude-code.jsonl"), "--space", "real", quiet=True)
    folder = home / "skills"
    seasoned(home, "skills", "export", str(folder))
    title("2. What an agent of the shop knows now: one line a skill, for its prompt")
    seasoned(home, "skills", "catalogue", "--space", SPACE)
    title("3. What the team wants, and what its agents ran into most often")
    best, sources = asyncio.run(traced(home))
    for path in [*sorted((folder / SPACE / FACTS).glob("*.md")), best and folder / SPACE / best[0]]:
        if path and path.name != "SKILL.md":
            out.print(f"[bold]{path}[/]")
            out.print(path.read_text(), markup=False)
    if best:
        title("4. Who taught it that?")
        show_trace(folder / SPACE / best[0], best[1], sources)
    title("What a model adds" if not model else "Without a model")
    out.print(
        "Rules learn what a session says outright: errors with the command that worked, corrections, wishes. A model\n"
        "(SEASONED_MODEL=provider:name) can also say why `pytest` fails without uv, and that the two releases are one\n"
        "story: what must be restarted is deployment/storefront in the namespace shop-live."
        if not model
        else "Unset SEASONED_MODEL to see what the built-in rules learn from the same sessions; use another --home."
    )
    title("Next")
    out.print(f"  .venv/bin/seasoned skills list --home {home}", markup=False)
    out.print("  .venv/bin/seasoned learn ~/.claude/projects        # your own Claude Code sessions", markup=False)
    out.print(
        "  .venv/bin/seasoned serve                           # the HTTP API, for the acontext SDKs", markup=False
    )


def title(text: str) -> None:
    """A heading of the output."""
    out.print(f"\n[bold cyan]{text}[/]\n")


def seasoned(home: Path, *words: str, quiet: bool = False) -> None:
    """Run a command of Seasoned and stop when it fails."""
    command = [sys.executable, "-m", "seasoned", *words, "--home", str(home)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL if quiet else None, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)


async def traced(home: Path) -> tuple[tuple[str, str] | None, list[Source]]:
    """The entry that most lessons support, as (file, key), and the messages behind it."""
    held = Records.open(config.load(home=home))
    try:
        return await held.store.read(_traced)
    finally:
        await held.close()


def _traced(connection: Connection) -> tuple[tuple[str, str] | None, list[Source]]:
    count = sa.func.count().label("lessons")
    entry = connection.execute(
        sa.select(skills.c.name, entry_lessons.c.path, entry_lessons.c.entry_key)
        .join(skills, skills.c.id == entry_lessons.c.skill_id)
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .join(spaces, spaces.c.id == space_skills.c.space_id)
        .where(spaces.c.name == SPACE, skills.c.name.not_in([JOURNAL, FACTS]))
        .group_by(skills.c.name, entry_lessons.c.path, entry_lessons.c.entry_key)
        .order_by(count.desc(), skills.c.name, entry_lessons.c.path)
        .limit(1)
    ).first()
    if entry is None:
        return None, []
    name, path, key = entry
    taught = connection.execute(
        sa.select(lessons.c.quotes, lessons.c.session_id, sessions.c.source)
        .join(entry_lessons, entry_lessons.c.lesson_id == lessons.c.id)
        .join(sessions, sessions.c.id == lessons.c.session_id)
        .where(entry_lessons.c.entry_key == key)
        .order_by(lessons.c.space_number)
    ).all()
    found = []
    for quotes, session_id, source in taught:
        for quote in (one for one in msgspec.json.decode(quotes, type=list[Quote]) if one.verified):
            where = (messages.c.session_id == session_id) & (messages.c.number == quote.number)
            role, parts = connection.execute(sa.select(messages.c.role, messages.c.parts).where(where)).one()
            said_by = "tool" if '"tool-result"' in parts else role
            words = " ".join(quote.text.split())[:QUOTE_CHARS]
            found.append(Source(source or session_id, quote.number, said_by, words))
    return (f"{name}/{path}", key), found


def show_trace(file: Path, key: str, sources: list[Source]) -> None:
    """A line of a skill, and the messages that it rests on."""
    entry = next(one for one in entries(file.read_text()) if entry_hash(one.text) == key)
    out.print(f"{file}, line {entry.start + 1}: {entry.text.splitlines()[0]}", markup=False)
    count = len({source.session for source in sources})
    out.print(f"rests on {count} session{'s' * (count != 1)}, with these words:\n", markup=False)
    for source in sources:
        out.print(f"  {source.session}, message {source.number} ({source.said_by}): “{source.quote}”", markup=False)


if __name__ == "__main__":
    main()
