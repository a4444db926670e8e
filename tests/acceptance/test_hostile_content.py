"""What one client's content may cost the others: each transaction of the writer does little, whatever it is given."""

import asyncio
import io
import threading
import zipfile
from collections import Counter, defaultdict
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import sqlalchemy as sa

from seasoned.engine import Engine
from seasoned.engine.disks import place
from seasoned.skill import ENTRIES_SEARCHED_MAX
from seasoned.store import Connection, catching_up, indexing, skills
from seasoned.store.files import searched_of
from seasoned.store.schema import entries, entry_words, space_skills
from tests.support.home import opened, project, until
from tests.support.transactions import Transaction, recorded
from tests.support.watch import seconds_of
from tests.support.wire import object_of
from tests.support.zips import skill_md

T = TypeVar("T")

# Of one transaction: what a version of the most files costs without its index, and a step of the index.
ROWS_MAX = 4 * 200 + 2 * indexing.ROWS_MAX
STATEMENTS_MAX = 60
POSTS = 20
RATIO_MAX = 40
"""How much longer another client's requests may take beside an upload, all together, than alone."""

MB = 1024 * 1024
CONTENTS: dict[str, dict[str, str]] = {
    "many items": {"notes/a.md": "- a\n" * (2 * MB // 4)},
    "items that all differ": {"notes/a.md": "".join(f"- fact number {n:06d}\n" for n in range(90_000))},
    "many headings": {"notes/a.md": "".join(f"## h{n}\n" for n in range(200_000))},
    "long lines": {"notes/a.md": "".join(f"- {n} " + "many words " * 900 + "\n" for n in range(200))},
    "one line": {"notes/a.md": "- " + "word " * (MB // 4)},
    "deep nesting": {"notes/a.md": ("> " * 200 + "- a\n") * 4_000},
    "many links": {"notes/a.md": "[a](b) " * (MB // 8)},
    "a huge table": {"notes/a.md": "| a | b |\n" * 150_000},
    "many files": {f"notes/{n}.md": "".join(f"- fact {n} {m}\n" for m in range(30)) for n in range(40)},
    "tiny files": {f"{n}.md": f"- {n}\n" for n in range(199)},
    "files that fill the database": {f"{n}.txt": f"{n}" * 15_000 for n in range(190)},
}


def stored_zip(files: Mapping[str, str]) -> bytes:
    """A ZIP that is not compressed: what shrinks to nothing would be refused."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {"SKILL.md": skill_md("hostile"), **files}.items():
            archive.writestr(path, text)
    return buffer.getvalue()


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_no_transaction_does_much_whatever_the_content(tmp_path: Path, content: dict[str, str]) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            with recorded(engine.store) as done:

                async def bounded(work: Coroutine[None, None, T]) -> T:
                    result = await work
                    await engine.store.index.sweep()
                    assert not [one for one in done if one.rows > ROWS_MAX or one.statements > STATEMENTS_MAX]
                    await engine.store.read(holds_what_it_should)
                    return result

                state, warnings = await bounded(
                    engine.skills.upload(project_id, stored_zip(content), user=None, meta=None)
                )
                long = [path for path, text in content.items() if searched_of(path, text.encode()).more]
                assert len(warnings) == len(long)
                assert all(str(ENTRIES_SEARCHED_MAX) in one for one in warnings)
                await bounded(engine.spaces.include_skill(project_id, space.id, state.row.id))
                path, text = next(iter(content.items()))
                changed = text.replace("\n", "y\n").encode()[: 2 * MB]
                await bounded(engine.disks.put(project_id, state.row.disk_id, place(f"/{path}"), changed, None))
                await bounded(engine.spaces.exclude_skill(project_id, space.id, state.row.id))
                await bounded(engine.spaces.include_skill(project_id, space.id, state.row.id))
                await bounded(engine.skills.delete(project_id, state.row.id))
                assert all(isinstance(one, Transaction) for one in done)

    asyncio.run(run())


def has_caught_up(connection: Connection) -> bool | None:
    """True once nothing is left to be done."""
    return None if catching_up.is_behind(connection) else True


def holds_what_it_should(connection: Connection) -> None:
    """The index holds the entries of the heads, in the spaces that have their skills, and nothing else."""
    assert not catching_up.is_behind(connection)
    kept: dict[tuple[str, str], Counter[indexing.IndexedEntry]] = defaultdict(Counter)
    columns = (entries.c.skill_id, entries.c.path, entries.c.text, entries.c.whole)
    for skill_id, path, text, whole in connection.execute(sa.select(*columns).where(entries.c.path != "")):
        kept[skill_id, path][indexing.IndexedEntry(text, bool(whole))] += 1
    wanted = {}
    for (skill_id,) in connection.execute(sa.select(entries.c.skill_id).distinct()).all():
        for file in skills.head_files(connection, skill_id):
            if file.body is not None and (found := indexing.wanted(searched_of(file.path, file.body))):
                wanted[skill_id, file.path] = found
    assert {key: found for key, found in kept.items() if key in wanted} == wanted
    linked = sa.select(entries.c.id, space_skills.c.id).join(
        space_skills, space_skills.c.skill_id == entries.c.skill_id
    )
    words = sa.select(entry_words.c.entry_id, entry_words.c.link_id)
    assert {tuple(row) for row in connection.execute(words)} == {tuple(row) for row in connection.execute(linked)}


def test_anothers_messages_go_on_while_half_a_million_items_are_uploaded(http: httpx.Client) -> None:
    """On one server; before, each of them waited until the whole file was in the index."""
    space = object_of(http.post("/learning_spaces", json={}), 201)["id"]
    session = object_of(http.post("/session", json={"disable_task_tracking": True}), 201)["id"]

    def say() -> None:
        body = {"blob": {"role": "user", "content": "a small message"}}
        object_of(http.post(f"/session/{session}/messages", json=body), 201)

    def post() -> float:
        return seconds_of(say)

    def upload() -> None:
        archive = stored_zip(CONTENTS["many items"])
        files = {"file": ("skill.zip", archive, "application/zip")}
        skill = object_of(http.post("/agent_skills", files=files, timeout=120), 201)
        link = http.post(f"/learning_spaces/{space}/skills", json={"skill_id": skill["id"]}, timeout=120)
        data = {"file_path": "/notes/"}
        again = {
            "file": ("a.md", CONTENTS["many items"]["notes/a.md"].replace("a", "bc").encode()[:MB], "text/markdown")
        }
        object_of(link, 201)
        object_of(http.post(f"/disk/{skill['disk_id']}/artifact", data=data, files=again, timeout=120), 201)

    calm = sum(sorted(post() for _ in range(POSTS)))
    thread = threading.Thread(target=upload)
    thread.start()
    taken = [post() for _ in range(POSTS)]
    while thread.is_alive():
        taken.append(post())
    thread.join()
    assert sum(taken) / len(taken) <= RATIO_MAX * calm / POSTS
    assert max(taken) <= POSTS * RATIO_MAX * calm / POSTS


def test_a_long_file_is_told_in_the_answer(http: httpx.Client) -> None:
    files = {"file": ("skill.zip", stored_zip({"long.md": "- a\n" * 2_000}), "application/zip")}
    told = object_of(http.post("/agent_skills", files=files), 201)["warnings"]
    assert told == [
        f"'long.md' has more than {ENTRIES_SEARCHED_MAX} entries; those behind them are found by the file only. "
        "Split it into files by topic."
    ]


def test_an_index_that_is_behind_when_a_process_ends_is_caught_up_by_the_next(tmp_path: Path) -> None:
    """A process that dies while the index catches up leaves it to the next one."""

    async def begin() -> None:
        async with opened(tmp_path) as engine:
            await cut_off(engine)

    async def go_on() -> None:
        async with opened(tmp_path) as engine:
            await until(engine, lambda: engine.store.read(has_caught_up))
            await engine.store.read(holds_what_it_should)

    asyncio.run(begin())
    asyncio.run(go_on())


async def cut_off(engine: Engine) -> None:
    """Upload a skill whose index is not caught up with when the process ends."""

    async def nothing(skill_id: str) -> None:
        del skill_id

    engine.store.index.settle = nothing  # type: ignore[method-assign]
    content = stored_zip(CONTENTS["many files"])
    await engine.skills.upload(await project(engine), content, user=None, meta=None)
    assert await engine.store.read(catching_up.is_behind)
