"""`seasoned skills edit` and `import`: what people change by hand comes back as versions."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from seasoned import archive
from seasoned.archive import SkillUpload
from seasoned.cli.console import (
    FAILED,
    Home,
    Json,
    Project,
    Space,
    load_config,
    note,
    print_json,
    reported,
    say,
    with_records,
)
from seasoned.cli.spaces import skill_named
from seasoned.engine.merging import Brought, Clash, Side
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillFile
from seasoned.errors import Invalid, MergeConflict, NotFound, TooLarge
from seasoned.skill import SKILL_BYTES_MAX, SKILL_FILE

STDIN = "-"
SKILLS_MAX = 1_000

Prefer = Annotated[
    Literal["mine", "stored"] | None,
    typer.Option("--prefer", help="Whose lines to take where others changed the same ones meanwhile."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the log.")]


def edit(
    name: Annotated[str, typer.Argument(help="The skill's name or id; NAME/FILE names a file too.")],
    file: Annotated[str, typer.Argument(help="A file of the skill, new or not.", show_default=SKILL_FILE)] = "",
    reason: Reason = "",
    prefer: Prefer = None,
    space: Space = "",
    project: Project = "",
    home: Home = None,
) -> None:
    """Edit a file of a skill in $VISUAL or $EDITOR; what you save is a new version.

    What the learner wrote meanwhile is merged in. If it changed the same lines, nothing is written, the lines of both
    sides are shown, and your text is kept in a file.
    """
    path = file or name.partition("/")[2] or SKILL_FILE
    config = load_config(home)

    async def load(held: Records, own: str) -> tuple[str, int, bytes]:
        skill = await skill_named(held, own, space, name)
        try:
            row: SkillFile = await held.skills.file(own, skill.row.id, path)
        except NotFound:
            return skill.row.id, skill.row.head, b""
        return skill.row.id, skill.row.head, row.data

    skill_id, head, before = with_records(config, load, project)
    with reported():
        kept = _edited(path, before)
    after = kept.read_bytes()
    if after == before:
        _discard(kept)
        say("Nothing was changed.")
        return
    try:
        number = with_records(
            config,
            lambda held, own: held.imports.edit(
                own, skill_id, head, {path: after}, reason=reason, prefer=_side(prefer)
            ),
            project,
            told=_tell_clashes,
        )
    except typer.Exit:
        note(f"Your text is in {kept}.")
        raise
    _discard(kept)
    say(f"{path} is at version {number} now.")


def import_(
    source: Annotated[
        str, typer.Argument(help="A skill's folder or ZIP, a folder of skills, or - for a ZIP on standard input.")
    ],
    reason: Reason = "",
    prefer: Prefer = None,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Import skills. One that was exported from here becomes a new version of its skill, others become new skills.

    What the learner wrote since the export is merged in. Where it changed the same lines, the skill stays as it is, the
    lines of both sides are shown, and the command exits with 1.
    """
    config = load_config(home)
    with reported():
        uploads = list(_uploads(source))

    async def work(held: Records, own: str) -> tuple[list[Brought], list[tuple[str, MergeConflict]]]:
        own = own or (await held.projects.default()).id
        row = await held.spaces.called(own, space) if space else None
        done, failed = list[Brought](), list[tuple[str, MergeConflict]]()
        for upload in uploads:
            try:
                done.append(
                    await held.imports.bring(
                        own, upload, space_id=row.id if row else "", reason=reason, prefer=_side(prefer)
                    )
                )
            except MergeConflict as error:
                failed.append((upload.name, error))
        return done, failed

    done, failed = with_records(config, work, project)
    if json:
        print_json({"imported": done, "conflicts": [{"name": name, "clashes": one.clashes} for name, one in failed]})
    else:
        for one in done:
            state = "is new" if one.is_new else f"is at version {one.number} now" if one.is_changed else "is unchanged"
            say(f"{one.name} {state}.")
            for warning in one.warnings:
                note(f"{one.name}: {warning}")
        for name, error in failed:
            note(f"seasoned: {name}: {error}")
            _tell_clashes(error)
    if failed:
        raise typer.Exit(FAILED)


def _side(prefer: str | None) -> Side:
    return cast(Side, prefer or "")


def _tell_clashes(error: Exception) -> None:
    """Show both sides of lines that do not fit together."""
    for clash in error.clashes if isinstance(error, MergeConflict) else ():
        if isinstance(clash, Clash):
            note(f"{clash.path}{f', section {clash.section!r}' if clash.section else ''}:")
            note(
                "\n".join(
                    [
                        *(f"  mine:   {line}" for line in clash.mine.split("\n")),
                        *(f"  stored: {line}" for line in clash.stored.split("\n")),
                    ]
                )
            )


def edited_text(name: str, before: str) -> str:
    """A text as a person's editor leaves it. Raises Invalid."""
    file = _edited(name, before.encode())
    text = file.read_text(errors="replace")
    _discard(file)
    return text


def _edited(path: str, before: bytes) -> Path:
    """The file in which a person has edited a text. Raises Invalid."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    folder = Path(tempfile.mkdtemp(prefix="seasoned-edit-"))
    target = folder / path.rsplit("/", 1)[-1]
    target.write_bytes(before)
    try:
        code = subprocess.run([*words, str(target)], check=False).returncode  # noqa: S603 - the user's own editor
    except OSError as error:
        _discard(target)
        raise Invalid(f"The editor {words[0]!r} cannot be run ({error.strerror}); set EDITOR.") from None
    if code != 0 or not target.is_file():
        raise Invalid(f"The editor {words[0]!r} ended with {code}, so nothing was changed; your text is in {target}.")
    return target


def _discard(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.parent.rmdir()


def _uploads(source: str) -> Iterator[SkillUpload]:
    """The skills of a folder or a ZIP. Raises NotFound, Invalid, TooLarge."""
    if source == STDIN:
        yield archive.read_skill_zip(_bounded(sys.stdin.buffer.read(SKILL_BYTES_MAX + 1)))
        return
    path = Path(source)
    if path.is_dir():
        for folder in _folders(path):
            yield archive.read_skill_folder(folder)
        return
    if not path.is_file():
        raise NotFound(f"There is no file or folder {source}.")
    with path.open("rb") as file:
        yield archive.read_skill_zip(_bounded(file.read(SKILL_BYTES_MAX + 1)))


def _folders(path: Path) -> Sequence[Path]:
    """A skill's folder, or those in it, or in the folders of spaces in it, in order."""
    for pattern in (SKILL_FILE, f"*/{SKILL_FILE}", f"*/*/{SKILL_FILE}"):
        found = sorted(one.parent for one in path.glob(pattern))
        if len(found) > SKILLS_MAX:
            raise TooLarge(f"{path} holds more than {SKILLS_MAX} skills; import them in parts.")
        if found:
            return found
    raise NotFound(f"{path} has no SKILL.md, nor a folder in it; give a skill's folder, or one of skills.")


def _bounded(data: bytes) -> bytes:
    if len(data) > SKILL_BYTES_MAX:
        raise TooLarge(f"A ZIP of a skill holds at most {SKILL_BYTES_MAX} bytes.")
    return data
