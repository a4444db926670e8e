"""Exporting the skills of spaces to a folder: each skill completely or not at all, and one failure does not stop the
others.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seasoned import archive
from seasoned.cli.spaces import Group
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillState
from seasoned.errors import Conflict, Invalid, NotFound, SeasonedError
from seasoned.paths import same_name_key
from seasoned.store.spaces import SpaceRow

LOOSE_FOLDER = "no-space"
NAME_CHARS_MAX = 80
_UNSAFE = re.compile(r"[^\w.-]+")


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A skill that was not written, and why."""

    id: str
    name: str
    space_id: str | None
    reason: str


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export wrote, what it skipped, and where a written skill differs from the stored one."""

    written: list[str] = []
    notes: list[str] = []
    skipped: list[Skipped] = []


async def export_groups(
    held: Records, project_id: str, groups: Sequence[Group], root: Path, *, is_zip: bool = False
) -> Exported:
    """Write the skills of each group into a folder of its own, or straight into `root` when there is one group only.

    Each skill is written as a folder, or as a ZIP.
    """
    filled = [group for group in groups if group.skills]
    done = Exported()
    for group, folder in zip(filled, _folders([group.space for group in filled], root), strict=True):
        taken: set[str] = set()
        for state in group.skills:
            try:
                write = _write_zip if is_zip else _write
                written = await write(held, project_id, state, folder, taken)
                done.written.append(str(written.folder))
                done.notes.extend(f"{state.row.name}: {note}" for note in written.notes)
            except (Conflict, Invalid, NotFound) as error:
                done.skipped.append(_skipped(state, group.space, error))
    return done


async def _write_zip(
    held: Records, project_id: str, state: SkillState, folder: Path, taken: set[str]
) -> archive.Written:
    """A skill as a ZIP, over an earlier one: it is not meant to be edited where it is."""
    _check_alone(state, folder, taken)
    _, source = await held.skills.zip(project_id, state.row.id)
    target = folder / f"{archive.folder_name(state.row.name)}.zip"
    with source:
        try:
            await archive.to_thread(archive.replace_file, target, source.read())
        except OSError as error:
            raise Invalid(f"{target} cannot be written ({error.strerror}); choose a writable folder.") from error
    return archive.Written(folder=target, notes=[])


def _check_alone(state: SkillState, folder: Path, taken: set[str]) -> None:
    key = same_name_key(archive.folder_name(state.row.name))
    if key in taken:
        raise Conflict(f"another skill of that name is already in {folder}; rename or delete one of them.")
    taken.add(key)


async def _write(held: Records, project_id: str, state: SkillState, folder: Path, taken: set[str]) -> archive.Written:
    _check_alone(state, folder, taken)
    content = await held.skills.content(project_id, state.row.id)
    origin = archive.ExportOrigin(state.row.id, content.number)
    return archive.export_folder(folder, state.row.name, content.files, content.lost, origin)


def _skipped(state: SkillState, space: SpaceRow | None, error: SeasonedError) -> Skipped:
    space_id = space.id if space else None
    return Skipped(id=state.row.id, name=state.row.name, space_id=space_id, reason=str(error))


def _folders(spaces: Sequence[SpaceRow | None], root: Path) -> list[Path]:
    """The folder of each space; the id is added to names that are not unique or not valid for a folder."""
    if len(spaces) == 1:
        return [root]
    wanted = [_folder_name(row) for row in spaces]
    folded = [name.casefold() for name in wanted]
    return [
        root / (name if row is None or folded.count(name.casefold()) == 1 else f"{name}-{row.id}")
        for name, row in zip(wanted, spaces, strict=True)
    ]


def _folder_name(row: SpaceRow | None) -> str:
    if row is None:
        return LOOSE_FOLDER
    name = _UNSAFE.sub("-", row.name).strip("-.")[:NAME_CHARS_MAX]
    return name or row.id
