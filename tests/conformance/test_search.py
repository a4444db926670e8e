"""Finding entries by their words means the same on every database."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seasoned.store import Connection, projects, search, skills, spaces
from seasoned.store.search import Hit
from seasoned.store.skills import NewSkill, NewVersion
from tests.support.databases import opened

ENTRIES = (
    "Restart nginx after the certificate was renewed",
    "Restart the worker after a deployment",
    "Deployments of the billing service need the vault token",
    "The user prefers metric units",
    "Invoices are sent by the billing service on Mondays, after the export was checked by a person",
    "Überprüfen Sie die Größe der Datei",
)


def near(home: Path, *questions: str) -> list[list[Hit]]:
    """What is found for some questions in a space with ENTRIES."""

    def work(connection: Connection) -> list[list[Hit]]:
        space_id = space_with(connection, ENTRIES)
        return [search.near(connection, space_id, question, 10) for question in questions]

    with opened(home) as store, store._writing.begin() as connection:
        return work(connection)


def space_with(connection: Connection, texts: Sequence[str]) -> str:
    """A space with one skill of these entries, beside another space with the same."""
    project = projects.create(connection, "p", "h", 1)
    for _ in range(2):
        space = spaces.create(connection, project.id, None, None, 1)
        new = NewSkill(project_id=project.id, name="a-skill", description="")
        row = skills.create(connection, new, NewVersion(changes={}, author="test"), 1)
        spaces.link_skill(connection, project.id, space.id, row.id, 1)
        search.replace_file(connection, row.id, "SKILL.md", texts)
    return space.id


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How do I restart the worker?", 1),
        ("nginx certificate renewal, restart", 0),
        ("deploying the billing service", 2),
        ("which units does the user prefer", 3),
        ("when are invoices sent", 4),
        ("GRÖSSE datei überprüfen", 5),
    ],
)
def test_the_closest_entry_comes_first(tmp_path: Path, question: str, first: int) -> None:
    (hits,) = near(tmp_path, question)
    assert hits[0].text == ENTRIES[first]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_entry_is_found_once_and_only_in_its_own_space(tmp_path: Path) -> None:
    billing, nothing = near(tmp_path, "billing service", "zebra")
    assert sorted(hit.text for hit in billing) == sorted([ENTRIES[2], ENTRIES[4]])
    assert nothing == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    question=st.text(max_size=60)
    | st.sampled_from(["a' | b", '"', "! & | ( ) :* \\", "NOT near(", "x" * 5_000, "\x00 nul"])
)
def test_any_text_may_be_searched(filled: tuple[Connection, str], question: str) -> None:
    connection, space_id = filled
    assert isinstance(search.near(connection, space_id, question, 5), list)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Connection, str]]:
    with opened(tmp_path) as store, store._writing.begin() as connection:
        yield connection, space_with(connection, ENTRIES)
