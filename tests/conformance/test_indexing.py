"""The index follows heads and spaces in short transactions: what is behind is not found, in the end all is."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from seasoned.ids import new_id
from seasoned.skill import ENTRIES_SEARCHED_MAX
from seasoned.store import Connection, Store, catching_up, disks, files, indexing, projects, search, skills, spaces
from seasoned.store.schema import entries, entry_words, space_skills, unindexed
from seasoned.store.schema import skills as skill_rows
from seasoned.store.schema import spaces as space_rows
from seasoned.store.skills import NewSkill, NewVersion, SkillRow
from tests.support.databases import opened

PATH = "topic.md"
SOME = 40


@pytest.fixture(autouse=True)
def _few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "ROWS_MAX", 7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


def items(word: str, count: int = SOME) -> str:
    """A file of some entries that all have a word."""
    return "".join(f"- {word} {number}\n" for number in range(count))


def skill_with(store: Store, text: str, *, in_space: bool = True) -> tuple[SkillRow, str]:
    """A skill with a file, and the space that has it or may get it."""

    def work(connection: Connection) -> tuple[SkillRow, str]:
        project = projects.create(connection, new_id(), new_id(), 1)
        space = spaces.create(connection, project.id, None, None, 1)
        row = skills.create(
            connection, NewSkill(project_id=project.id, name="a-skill", description=""), version(store, text), 1
        )
        if in_space:
            spaces.link_skill(connection, project.id, space.id, row.id, 1)
        return row, space.id

    return store.write_now(work)


def version(store: Store, text: str | None) -> NewVersion:
    """A version that changes the file."""
    packed = {PATH: None} if text is None else files.pack({PATH: text.encode()}, store.blobs, 1_000_000)
    return NewVersion(changes=packed, author="user")


def commit(store: Store, row: SkillRow, head: int, text: str | None) -> None:
    """Make the version after `head`."""
    store.write_now(lambda connection: skills.commit(connection, row.id, head, version(store, text), 2))


def found(store: Store, space_id: str, word: str) -> list[str]:
    """The entries of the space that have a word."""
    hits = store.read_now(lambda connection: search.near(connection, space_id, word, 1_000))
    return [hit.text for hit in hits if hit.path]


def caught_up(store: Store, look: Callable[[], None] = lambda: None) -> None:
    """Let the index catch up; `look` is called after each of its transactions."""
    write = store.write

    async def one(work: Callable[[Connection], object]) -> object:
        result = await write(work)
        await asyncio.to_thread(look)
        return result

    async def run() -> None:
        store.write = one  # type: ignore[method-assign, assignment]
        try:
            await store.index.sweep()
        finally:
            store.write = write  # type: ignore[method-assign]

    asyncio.run(run())
    assert not store.read_now(catching_up.is_behind)
    assert store.read_now(orphans) == (0, 0)


def orphans(connection: Connection) -> tuple[int, int]:
    """How many entries have no skill, and how many words no entry or no link."""
    words = ~entry_words.c.entry_id.in_(sa.select(entries.c.id)) | ~entry_words.c.link_id.in_(
        sa.select(space_skills.c.id)
    )
    lost = sa.select(sa.func.count()).select_from(entries).where(~entries.c.skill_id.in_(sa.select(skill_rows.c.id)))
    return connection.execute(lost).scalar_one(), connection.execute(
        sa.select(sa.func.count()).select_from(entry_words).where(words)
    ).scalar_one()


def rows(connection: Connection) -> tuple[int, int, int]:
    """How many entries, words and marks there are."""
    tables = (entries, entry_words, unindexed)
    entry_count, word_count, marks = (
        connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables
    )
    return entry_count, word_count, marks


def test_an_entry_of_an_older_head_is_never_found(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"))
    caught_up(store)
    assert len(found(store, space_id, "gamma")) == SOME
    commit(store, row, 1, items("delta"))

    def look() -> None:
        assert found(store, space_id, "gamma") == []
        assert len(found(store, space_id, "delta")) in (0, SOME)

    look()
    caught_up(store, look)
    assert sorted(found(store, space_id, "delta")) == sorted(items("delta").strip().split("\n"))


def test_a_small_change_is_found_with_its_version(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"))
    caught_up(store)
    commit(store, row, 1, items("gamma") + "- delta\n")
    assert found(store, space_id, "delta") == ["- delta"]
    assert len(found(store, space_id, "gamma")) == SOME
    assert not store.read_now(catching_up.is_behind)


def test_a_version_that_is_made_while_the_index_catches_up_counts(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"))
    made = iter([items("delta"), items("alpha"), None, items("omega", 3)])
    heads = iter(range(1, 9))

    def look() -> None:
        text = next(made, "")
        if text != "":
            commit(store, row, next(heads), text)

    caught_up(store, look)
    assert sorted(found(store, space_id, "omega")) == ["- omega 0", "- omega 1", "- omega 2"]
    assert [found(store, space_id, word) for word in ("gamma", "delta", "alpha")] == [[], [], []]


def test_a_skill_comes_into_a_space_and_leaves_it_piece_by_piece(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"), in_space=False)
    caught_up(store)
    store.write_now(lambda connection: spaces.link_skill(connection, row.project_id, space_id, row.id, 1))
    caught_up(store)
    assert len(found(store, space_id, "gamma")) == SOME
    store.write_now(lambda connection: spaces.unlink_skill(connection, row.project_id, space_id, row.id))
    assert found(store, space_id, "gamma") == []
    assert store.read_now(rows)[1] > 0
    caught_up(store)
    assert store.read_now(rows)[1:] == (0, 0)


def test_coming_and_leaving_again_while_the_index_catches_up(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"), in_space=False)
    steps = iter([spaces.unlink_skill, spaces.link_skill, spaces.unlink_skill, spaces.link_skill])

    def look() -> None:
        step = next(steps, None)
        if step is spaces.link_skill:
            store.write_now(lambda connection: spaces.link_skill(connection, row.project_id, space_id, row.id, 1))
        elif step is spaces.unlink_skill:
            store.write_now(lambda connection: spaces.unlink_skill(connection, row.project_id, space_id, row.id))

    store.write_now(lambda connection: spaces.link_skill(connection, row.project_id, space_id, row.id, 1))
    caught_up(store, look)
    assert len(found(store, space_id, "gamma")) == SOME


@pytest.mark.parametrize("after", range(3, 8))
def test_a_skill_may_leave_its_space_while_one_of_its_files_is_caught_up_with(store: Store, after: int) -> None:
    row, space_id = skill_with(store, items("gamma", 12))
    caught_up(store)
    commit(store, row, 1, items("delta", 12))
    looks = iter(range(1_000))

    def look() -> None:
        if next(looks) == after:
            store.write_now(lambda connection: spaces.unlink_skill(connection, row.project_id, space_id, row.id))

    caught_up(store, look)


@pytest.mark.parametrize("what", ["skill", "disk", "space"])
def test_what_is_deleted_is_not_found_at_once_and_leaves_nothing(store: Store, what: str) -> None:
    row, space_id = skill_with(store, items("gamma"))
    caught_up(store)

    def delete(connection: Connection) -> None:
        if what == "skill":
            skills.delete(connection, row.project_id, row.id)
        elif what == "disk":
            disks.delete(connection, row.project_id, row.disk_id)
        else:
            spaces.delete(connection, row.project_id, space_id)

    store.write_now(delete)
    assert found(store, space_id, "gamma") == []
    caught_up(store)
    left, words, _ = store.read_now(rows)
    assert words == 0
    assert (left == 0) is (what != "space")


def test_a_skill_that_a_rule_writes_from_now_on_is_no_longer_found(store: Store) -> None:
    row, space_id = skill_with(store, items("gamma"))
    caught_up(store)
    head = b"---\nname: a-skill\ndescription: Days\nmetadata:\n  entries: journal\n---\n"
    new = NewVersion(changes={}, author="user", about=files.about("a-skill", "Days", head))
    store.write_now(lambda connection: skills.commit(connection, row.id, 1, new, 2))
    assert found(store, space_id, "gamma") == []
    caught_up(store)
    plain = NewVersion(changes={}, author="user", about=files.about("a-skill", "Facts", b""))
    store.write_now(lambda connection: skills.commit(connection, row.id, 2, plain, 3))
    caught_up(store)
    assert len(found(store, space_id, "gamma")) == SOME


def test_a_skill_in_many_spaces_is_found_in_each(store: Store) -> None:
    row, first = skill_with(store, items("gamma", 3))

    def more(connection: Connection) -> list[str]:
        made = [spaces.create(connection, row.project_id, None, None, 1).id for _ in range(9)]
        for space_id in made:
            spaces.link_skill(connection, row.project_id, space_id, row.id, 1)
        return made

    every = [first, *store.write_now(more)]
    caught_up(store)
    commit(store, row, 1, items("gamma", 2))
    caught_up(store)
    assert [len(found(store, space_id, "gamma")) for space_id in every] == [2] * 10
    assert store.read_now(lambda c: c.execute(sa.select(sa.func.count()).select_from(space_rows)).scalar_one()) == 10


def test_of_a_long_file_the_rest_is_found_by_the_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "ROWS_MAX", 500)
    text = items("gamma", ENTRIES_SEARCHED_MAX) + "- zebra\n" * 10_000
    row, space_id = skill_with(store, text)
    caught_up(store)
    (hit,) = store.read_now(lambda connection: search.near(connection, space_id, "zebra", 5))
    assert (hit.skill_id, hit.path) == (row.id, "")
    assert store.read_now(rows)[0] == ENTRIES_SEARCHED_MAX + 1


def test_what_is_wanted_is_what_is_kept(store: Store) -> None:
    text = "- same\n- same\n- other\n"
    row, _ = skill_with(store, text)
    caught_up(store)
    kept = store.read_now(lambda connection: indexing.kept_of(connection, row.id, PATH))
    assert Counter(one.entry for one in kept) == indexing.wanted(files.searched_of(PATH, text.encode()))


@pytest.mark.parametrize("left", [None, b"- other bytes\n"])
def test_a_file_whose_bytes_are_lost_holds_nothing_back(store: Store, tmp_path: Path, left: bytes | None) -> None:
    row, space_id = skill_with(store, items("gamma"))
    caught_up(store)
    packed = files.pack({PATH: items("delta").encode()}, store.blobs, 0)
    (blob,) = (path for path in tmp_path.rglob(f"*{packed[PATH].sha256[4:]}*") if path.is_file())
    blob.chmod(0o600)
    blob.unlink()
    if left is not None:
        blob.write_bytes(left)
    new = NewVersion(changes=packed, author="user")
    store.write_now(lambda connection: skills.commit(connection, row.id, 1, new, 2))
    caught_up(store)
    assert found(store, space_id, "gamma") == found(store, space_id, "delta") == []
