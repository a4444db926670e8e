"""What the writer of lessons is shown of a space, small or large, means the same on every database."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from seasoned.ids import new_id
from seasoned.pipeline import retrieval
from seasoned.pipeline.retrieval import OTHERS_MAX, SKILLS_MAX, Retrieved
from seasoned.skill import Author
from seasoned.space import FACTS
from seasoned.store import Connection, files, projects, skills, spaces
from seasoned.store.lessons import LessonRow
from seasoned.store.skills import NewSkill, NewVersion
from tests.conformance.test_search import put_entries
from tests.support.databases import opened

NEAR, UPLOADED, JOURNAL = "near-one", "made-by-user", "daily-logs"
RULE = "---\nname: daily-logs\ndescription: Days\nmetadata:\n  entries: journal\n---\n"


def lesson(text: str) -> LessonRow:
    """A lesson that waits to be written."""
    values: dict[str, object] = dict.fromkeys(LessonRow.__struct_fields__, "")
    about = {"kind": "fact", "title": text, "text": text, "topic": "billing", "number": 1, "at": 1, "created_at": 1}
    return LessonRow(**{**values, "task_id": None, "revision": 1, "ordinal": 0, **about})  # type: ignore[arg-type]


def space_of(connection: Connection, names: Sequence[str]) -> str:
    """A space with skills of these names, each with an entry about something else."""
    project = projects.create(connection, new_id(), new_id(), 1)
    space = spaces.create(connection, project.id, None, None, 1)
    for number, name in enumerate(names):
        about = files.about(name, "", RULE.encode()) if name == JOURNAL else None
        author: Author = "import" if name == UPLOADED else "learner"
        version = NewVersion(changes={}, author=author, about=about)
        row = skills.create(connection, NewSkill(project_id=project.id, name=name, description=""), version, 1)
        text = "vault tokens are renewed" if name == NEAR else f"weather number {number}"
        put_entries(connection, row.id, [text], "topic.md")
        spaces.link_skill(connection, project.id, space.id, row.id, 1 + number)
    return space.id


def read(home: Path, names: Sequence[str]) -> Retrieved:
    """The shelf of a space with these skills for a lesson about vault tokens."""
    with opened(home) as store, store.writing() as connection:
        return retrieval.read(connection, space_of(connection, names), [lesson("How are vault tokens renewed?")])


@pytest.mark.parametrize("first", [0, SKILLS_MAX - 4, 80])
def test_what_matters_is_loaded_wherever_it_stands_among_many(tmp_path: Path, first: int) -> None:
    many = [f"skill-{number}" for number in range(80)]
    found = read(tmp_path, [*many[:first], JOURNAL, NEAR, UPLOADED, FACTS, *many[first:]])
    loaded = {one.row.name for one in found.loaded}
    assert len(loaded) == SKILLS_MAX
    assert {NEAR, UPLOADED, FACTS} <= loaded
    assert [hit.skill for hit in found.near] == [NEAR]
    assert found.of_user == {UPLOADED}
    assert len(found.others) == OTHERS_MAX
    assert not loaded & set(found.others)
    assert JOURNAL not in {*loaded, *found.others}


@pytest.mark.parametrize("count", [0, 1, SKILLS_MAX])
def test_of_few_skills_all_are_loaded(tmp_path: Path, count: int) -> None:
    names = [f"skill-{number}" for number in range(count)]
    found = read(tmp_path, [JOURNAL, *names])
    assert [one.row.name for one in found.loaded] == names
    assert found.others == ()
