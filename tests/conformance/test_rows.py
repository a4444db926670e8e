"""Cursors, JSON containment and pages."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from seasoned.errors import Invalid
from seasoned.ids import new_id
from seasoned.message import Json, JsonObject
from seasoned.store import Connection, Store, projects, sessions
from seasoned.store.rows import PageQuery, contains, decode_cursor, dump, encode_cursor, json_contains
from seasoned.store.sessions import NewSession
from tests.support.databases import opened
from tests.support.examples import on_one_fixture

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(0, 10**17), st.text(alphabet="0123456789abcdef-", min_size=1, max_size=40))
def test_a_cursor_reads_back(moment: int, row_id: str) -> None:
    assert decode_cursor(encode_cursor(moment, row_id)) == (moment, row_id)


@given(st.text(max_size=60))
def test_a_strange_cursor_is_invalid_and_nothing_else(text: str) -> None:
    try:
        moment, row_id = decode_cursor(text)
    except Invalid:
        return
    assert isinstance(moment, int)
    assert isinstance(row_id, str)


@given(JSON)
def test_everything_contains_itself(value: object) -> None:
    assert json_contains(dump(value), dump(value)) == 1


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        ('{"a":1,"b":2}', '{"a":1}', 1),
        ('{"a":1}', '{"a":1,"b":2}', 0),
        ('{"a":{"b":1,"c":2}}', '{"a":{"b":1}}', 1),
        ('{"a":[1,2,3]}', '{"a":[3,1]}', 1),
        ('{"a":[1,2]}', '{"a":[4]}', 0),
        ('{"a":1}', '{"a":true}', 0),
        ('{"a":"X"}', '{"a":"x"}', 0),
        ('{"a":null}', '{"a":null}', 1),
        ("{}", '{"a":null}', 0),
        (None, "{}", 0),
    ],
)
def test_containment_means_the_same_everywhere(tmp_path: Path, have: str | None, want: str, expected: int) -> None:
    assert json_contains(have, want) == expected
    with opened(tmp_path) as store:
        assert store.read_now(lambda c: found_in(c, have, want)) == bool(expected)


def found_in(connection: Connection, have: str | None, want: str) -> bool:
    """What the database says."""
    wanted = msgspec.json.decode(want, type=dict[str, Json])
    row = sa.select(sa.literal(have, sa.Text).label("have")).subquery()
    return (
        connection.execute(sa.select(sa.literal(1)).where(contains(connection, row.c.have, wanted))).first() is not None
    )


NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=2), VALUES, max_size=4)


@on_one_fixture()
@given(data=st.data())
def test_any_object_contains_its_parts_on_every_database(connection: Connection, data: st.DataObject) -> None:
    have = data.draw(OBJECTS)
    part = data.draw(parts_of(have) | OBJECTS)
    assert found_in(connection, dump(have), dump(part)) == bool(json_contains(dump(have), dump(part)))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with opened(tmp_path) as store, store._readers.connect() as made:
        yield made


def parts_of(value: JsonObject) -> st.SearchStrategy[JsonObject]:
    """Objects with some of the keys of another."""
    return (
        st.sets(st.sampled_from(sorted(value))).map(lambda keys: {key: value[key] for key in keys})
        if value
        else st.just({})
    )


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_neither_skip_nor_repeat_rows_while_others_are_inserted(tmp_path: Path, newest_first: bool) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            await look(store)

    async def look(store: Store) -> None:
        project = await store.write(lambda c: projects.create(c, "p", "h", store.clock.now()))

        async def create() -> str:
            new = NewSession(id=new_id(), project_id=project.id)
            return (await store.write(lambda c: sessions.create(c, new, store.clock.now()))).id

        before = [await create() for _ in range(7)]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = PageQuery(limit=2, cursor=cursor, newest_first=newest_first)
            rows, cursor = await store.read(lambda c, q=query: sessions.page(c, project.id, q))  # type: ignore[misc]
            seen += [row.id for row in rows]
            if len(seen) < 9:
                await create()
        assert len(seen) == len(set(seen))
        assert [one for one in seen if one in before] == (before[::-1] if newest_first else before)

    asyncio.run(run())
