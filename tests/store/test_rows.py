"""Cursors, JSON containment and pages."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import config
from seasoned.errors import Invalid
from seasoned.ids import new_id
from seasoned.store import Store, projects, sessions
from seasoned.store.rows import PageQuery, decode_cursor, dump, encode_cursor, json_contains
from seasoned.store.sessions import NewSession

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
def test_containment_means_what_postgresql_means(have: str | None, want: str, expected: int) -> None:
    assert json_contains(have, want) == expected


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_neither_skip_nor_repeat_rows_while_others_are_inserted(tmp_path: Path, newest_first: bool) -> None:
    async def run() -> None:
        store = Store.open(config.load({}, home=tmp_path))
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
        store.close()

    asyncio.run(run())
