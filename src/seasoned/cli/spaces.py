"""The skills of each space, and how spaces are labelled for people."""

from collections.abc import Sequence

import msgspec

from seasoned.engine.records import Records
from seasoned.engine.skills import SkillState
from seasoned.errors import Conflict, NotFound
from seasoned.store.spaces import SpaceRow

# Shown for a skill that is in no space.
NO_SPACE = "-"
NAMED_MAX = 20


class Group(msgspec.Struct, frozen=True):
    """The skills of one space; those that are in no space are a group of their own."""

    space: SpaceRow | None
    skills: list[SkillState]


def label(row: SpaceRow, rows: Sequence[SpaceRow]) -> str:
    """A label that `--space` accepts: the space's name if it is unique, else its id."""
    alone = sum(one.name == row.name for one in rows) == 1
    return row.name if row.name and alone else row.id


def labels(rows: Sequence[SpaceRow]) -> dict[str, str]:
    """The label of each space, by its id."""
    return {row.id: label(row, rows) for row in rows}


async def only_space(held: Records, project_id: str, space: str) -> SpaceRow:
    """The space with a name or id; without one, the only space that there is. Raises NotFound, Conflict."""
    if space:
        return await held.spaces.called(project_id, space)
    rows = await held.spaces.every(project_id)
    if not rows:
        raise NotFound("There is no learning space yet; run `seasoned learn PATH`.")
    if len(rows) > 1:
        names = ", ".join(list(labels(rows).values())[:NAMED_MAX])
        raise Conflict(f"There are {len(rows)} learning spaces; use --space with one of them: {names}.")
    return rows[0]


async def grouped(
    held: Records, project_id: str, space: str, *, archived: bool | None = False
) -> tuple[list[Group], dict[str, str]]:
    """The skills by their spaces, oldest space first, and the label of each space; archived ones when asked, with None
    both.

    Only those of one space when its name or id is given. Raises NotFound, Conflict.
    """
    rows = await held.spaces.every(project_id)
    called = labels(rows)
    if space:
        row = await held.spaces.called(project_id, space)
        within_one = await held.skills.of_space(project_id, row.id, with_archived=archived is not False)
        wanted = [one for one in within_one if archived is not True or one.row.archived_at is not None]
        return [Group(row, wanted)], called
    states = {state.row.id: state for state in await held.skills.every(project_id, archived=archived)}
    within: dict[str, list[SkillState]] = {row.id: [] for row in rows}
    loose = dict(states)
    for skill_id, space_id in await held.spaces.of_skills(project_id):
        if skill_id in states and space_id in within:
            within[space_id].append(states[skill_id])
            loose.pop(skill_id, None)
    groups = [Group(row, within[row.id]) for row in rows]
    return [*groups, *([Group(None, list(loose.values()))] if loose else [])], called


async def skill_named(held: Records, project_id: str, space: str, name: str) -> SkillState:
    """The skill with a name or id; what follows a slash is not of it. Raises NotFound, Conflict."""
    wanted = name.partition("/")[0]
    groups, called = await grouped(held, project_id, space, archived=None)
    found = {
        state.row.id: (state, called_space(group, called))
        for group in groups
        for state in group.skills
        if wanted in (state.row.name, state.row.id)
    }
    if not found:
        raise NotFound(f"There is no skill {wanted!r}; run `seasoned skills list` to see them.")
    if len(found) > 1:
        each = ", ".join(f"{skill_id} (space {where})" for skill_id, (_, where) in list(found.items())[:NAMED_MAX])
        raise Conflict(f"There are {len(found)} skills {wanted!r}; use --space or an id: {each}.")
    return next(iter(found.values()))[0]


def called_space(group: Group, called: dict[str, str]) -> str:
    """How a group's space is shown."""
    return called[group.space.id] if group.space else NO_SPACE
