"""Finding entries by their words means the same on every database."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from seasoned.ids import new_id
from seasoned.skill import Searched
from seasoned.store import Connection, documents, indexing, projects, search, sessions, skills, spaces
from seasoned.store.documents import Document, Filter, Kind
from seasoned.store.schema import entry_words, space_skills
from seasoned.store.schema import spaces as space_table
from seasoned.store.search import Hit
from seasoned.store.sessions import NewSession
from seasoned.store.skills import NewFile, NewSkill, NewVersion
from tests.support.databases import opened
from tests.support.examples import on_one_fixture
from tests.support.overlap import overtaken

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
    project = projects.create(connection, new_id(), new_id(), 1)
    for _ in range(2):
        space = spaces.create(connection, project.id, None, None, 1)
        new = NewSkill(project_id=project.id, name="a-skill", description="")
        row = skills.create(connection, new, NewVersion(changes={}, author="user"), 1)
        spaces.link_skill(connection, project.id, space.id, row.id, 1)
        put_entries(connection, row.id, texts)
    return space.id


def put_entries(connection: Connection, skill_id: str, texts: Sequence[str], path: str = "SKILL.md") -> None:
    """Let the index hold these entries of a file, however many they are."""
    found = Counter(map(indexing.IndexedEntry, texts))
    while indexing.step(connection, skill_id, path, found):
        pass
    for link in indexing.links_of(connection, skill_id):
        after: indexing.Position | None = indexing.START
        while after is not None:
            after = indexing.step_words(connection, skill_id, link, after, path)[1]


def spaces_project(connection: Connection, space_id: str) -> str:
    """The project of a space."""
    where = space_table.c.id == space_id
    return str(connection.execute(sa.select(space_table.c.project_id).where(where)).scalar_one())


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


def test_how_rare_a_word_is_is_asked_of_the_space_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store._writing.begin() as connection:
        space_with(connection, [f"gamma ray number {n}" for n in range(300)])
        space_id = space_with(connection, ["gamma correction", *[f"monitor calibration {n}" for n in range(40)]])
        hits = search.near(connection, space_id, "monitor gamma", 3)
    assert hits[0].text == "gamma correction"


def test_a_skill_is_found_in_every_space_that_has_it_until_it_leaves(tmp_path: Path) -> None:
    def found(connection: Connection, space_id: str) -> set[str]:
        return {hit.text for hit in search.near(connection, space_id, "vault token", 5)}

    with opened(tmp_path) as store, store._writing.begin() as connection:
        first = space_with(connection, ENTRIES)
        project_id = spaces_project(connection, first)
        (skill,) = skills.of_space(connection, first)
        second = spaces.create(connection, project_id, None, None, 1).id
        assert found(connection, second) == set()
        spaces.link_skill(connection, project_id, second, skill.id, 1)
        assert found(connection, second) == found(connection, first) == {ENTRIES[2]}
        put_entries(connection, skill.id, ["the token of the vault is renewed daily"])
        assert found(connection, second) == found(connection, first) == {"the token of the vault is renewed daily"}
        spaces.unlink_skill(connection, project_id, first, skill.id)
        assert found(connection, first) == set()
        assert len(found(connection, second)) == 1
        skills.delete(connection, project_id, skill.id)
        assert found(connection, second) == set()
        left = sa.select(sa.func.count()).where(entry_words.c.link_id.not_in(sa.select(space_skills.c.id)))
        assert connection.execute(left).scalar_one() == 0


@pytest.mark.parametrize("first", ["link", "version"])
def test_a_version_made_while_its_skill_comes_into_a_space_is_found_there(
    tmp_path: Path, store_kind: str, first: str
) -> None:
    with opened(tmp_path) as store:
        with store.writing() as connection:
            project_id = spaces_project(connection, space_with(connection, ENTRIES))
            row = skills.create(
                connection,
                NewSkill(project_id=project_id, name="later", description=""),
                NewVersion(changes={}, author="user"),
                1,
            )
            space_id = spaces.create(connection, project_id, None, None, 1).id
        new = NewFile(
            sha256="0" * 64, size=1, mime="text/markdown", body=b"-", searched=Searched(("pumps are primed first",))
        )

        def link(connection: Connection) -> None:
            spaces.link_skill(connection, project_id, space_id, row.id, 1)

        def version(connection: Connection) -> None:
            skills.commit(connection, row.id, row.head, NewVersion(changes={"topic.md": new}, author="user"), 2)

        one, other = (link, version) if first == "link" else (version, link)
        overtaken(store, one, other, alone=store_kind == "sqlite")
        hits = store.read_now(lambda connection: search.near(connection, space_id, "priming pumps", 5))
    assert [hit.text for hit in hits] == ["pumps are primed first"]


def test_what_is_said_in_other_words_is_found_among_thousands_though_few_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "READ_MAX", 40)
    chance = random.Random(3)  # noqa: S311 - texts to be repeated, no secret
    common = ["deploy", "service", "error", "retry", "timeout", "request", "server", "config", "cluster", "token"]
    rare = [f"{a}{b}{c}" for a in ("bra", "kol", "tir", "mun") for b in ("dex", "fip", "gur", "lam") for c in "aeiou"]
    texts = [
        " ".join([*chance.choices(common, k=8), *chance.choices(rare, k=2), f"case{number}"]) for number in range(2_000)
    ]
    with opened(tmp_path) as store, store._writing.begin() as connection:
        space_id = space_with(connection, texts)
        for number in chance.sample(range(len(texts)), 20):
            words = texts[number].split()
            asked = " ".join([*words[8:], *chance.choices(common, k=6)])
            assert search.near(connection, space_id, asked, 5)[0].text == texts[number]
        # Where every word is common the newest that have the rarest are looked at, not all and not none.
        hits = search.near(connection, space_id, " ".join(common), 100)
    assert len(hits) == 40


def test_words_are_found_whatever_their_length(tmp_path: Path) -> None:
    long = "donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
    with opened(tmp_path) as store, store._writing.begin() as connection:
        space_id = space_with(connection, [f"ask the {long} first", "something else"])
        assert [hit.text for hit in search.near(connection, space_id, long, 5)] == [f"ask the {long} first"]


@on_one_fixture()
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


DOCUMENTS: tuple[tuple[Kind, str], ...] = (
    ("message", "The staging cluster ran out of memory while the nightly export was running"),
    ("message", "Please restart the export on the staging cluster"),
    ("task", "Restart the nightly export"),
    ("lesson", "Exports need four gigabytes of memory on staging"),
    ("lesson", "Invoices are numbered by year"),
)


@pytest.fixture
def with_documents(tmp_path: Path) -> Iterator[tuple[Connection, str, str]]:
    """DOCUMENTS of a session, and the same of another project."""
    with opened(tmp_path) as store, store._writing.begin() as connection:
        for _ in range(2):
            project = projects.create(connection, new_id(), new_id(), 1)
            session = sessions.create(connection, NewSession(id=new_id(), project_id=project.id), 1)
            said = [Document(kind=kind, ref_id=new_id(), at=at, text=text) for at, (kind, text) in enumerate(DOCUMENTS)]
            documents.add(connection, session.id, said)
        yield connection, project.id, session.id


@pytest.mark.parametrize(
    ("question", "first"),
    [("memory for exports", 3), ("was the cluster out of memory", 0), ("numbering of an invoice", 4)],
)
def test_the_closest_document_comes_first(
    with_documents: tuple[Connection, str, str], question: str, first: int
) -> None:
    connection, project_id, _ = with_documents
    found = documents.find(connection, project_id, question, documents.KINDS, Filter(), 10)
    assert found[0][0].at == first
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_documents_are_filtered_by_kind_time_and_session(with_documents: tuple[Connection, str, str]) -> None:
    connection, project_id, session_id = with_documents

    def found(kinds: Sequence[Kind] = documents.KINDS, **only: str | int) -> set[int]:
        wanted = msgspec.convert(only, Filter)
        return {row.at for row, _ in documents.find(connection, project_id, "export", kinds, wanted, 10)}

    assert found() == found(session=session_id) == {0, 1, 2, 3}
    assert found(["task", "lesson"]) == found(since=2) == {2, 3}
    assert found(session=new_id()) == found(user="nobody") == found(outcome="success") == set()
    sessions.delete(connection, project_id, session_id)
    assert found() == set()


def test_entries_are_found_in_the_whole_project_and_not_in_another(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store._writing.begin() as connection:
        project_id = spaces_project(connection, space_with(connection, ENTRIES))
        other = spaces_project(connection, space_with(connection, ENTRIES[:2]))
        rows = search.of_project("skills.project_id = :project", {"project": project_id})
        found = search.entries_of(connection, search.ranked(connection, rows, project_id, "the billing service", 10))
        assert {hit.text for hit in found} == {ENTRIES[2], ENTRIES[4]}
        rows = search.of_project("skills.project_id = :project", {"project": other})
        assert search.ranked(connection, rows, other, "the billing service", 10) == {}
