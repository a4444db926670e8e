"""Names of skills and their files: what comes in, what may leave, and that what came in comes back."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seasoned import archive, paths
from seasoned.archive import export_folder, read_folder, read_skill_zip, read_zip, write_folder, write_zip
from seasoned.errors import Invalid
from seasoned.pipeline.draft import Draft
from seasoned.skill import slug
from tests.support.zips import skill_md, zip_of

OBEYED = [
    ".git/config",
    ".gitattributes",
    "vendor/.git",
    "a/b/.claude/settings.json",
    ".vscode/tasks.json",
    ".envrc",
    ".seasoned.json",
    ".GIT/config",
    "...",
    "HEAD",
    "bare/head",
    "bare/HEAD.",
    "desktop.ini",
    "AutoRun.inf",
    "notes/open me.lnk",
    "notes/page.URL",
]
UNSAFE = [
    "..",
    "../x.md",
    "a/../../x.md",
    "/etc/x.md",
    "C:/x.md",
    "a\\b.md",
    "con",
    "aux.txt",
    "a/NUL.tar.gz",
    "com1",
    "lpt\u00b9.md",
    "CONIN$",
    "notes./a.md",
    "a.md.",
    "a.md ",
    " a.md",
    "what?.md",
    "a:b.md",
    'say "x".md',
    "git~1/config",
    "a\u200b.md",
    "txt.\u202egnp.exe",
    "a\u2066b.md",
    "a\ufeff.md",
    "a\u3164.md",
    "a\u2028b.md",
    "a\x7fb.md",
    "x" * 256,
    "\u00e9" * 128,
    "",
]
GOOD = [
    "SKILL.md",
    "scripts/run.py",
    "conftest.py",
    "Makefile",
    "AGENTS.md",
    "HEAD.md",
    "header",
    "console.md",
    "a.b.c",
    "notes/with space & sign+.md",
    "\u00fcml\u00e4ut/\u4e2d\u6587.md",
    "\u2714\ufe0f done.md",
    "x~y.md",
    "auxiliary.txt",
]


@pytest.mark.parametrize("path", [*OBEYED, *UNSAFE])
def test_a_path_that_is_not_the_same_harmless_file_everywhere_does_not_come_in(path: str) -> None:
    with pytest.raises(Invalid) as refused:
        paths.check_path(path)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("path", GOOD)
def test_other_paths_come_in(path: str) -> None:
    assert paths.check_path(path) == path
    assert not paths.acts_unasked(path)


@pytest.mark.parametrize("path", OBEYED)
def test_what_tools_obey_is_known(path: str) -> None:
    assert paths.acts_unasked(path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.md", "A.md"),
        ("\u00e9.md", "e\u0301.md"),
        ("\u00c9.md", "\u00e9.md"),
        ("stra\u00dfe.md", "STRASSE.md"),
        ("\u2714.md", "\u2714\ufe0f.md"),
        ("a/b.md", "A/B.md"),
        ("a.", "a"),
        ("a", "a/b"),
        ("a/b", "A"),
    ],
)
def test_two_paths_that_some_system_takes_for_one_do_not_go_together(one: str, other: str) -> None:
    with pytest.raises(Invalid):
        paths.check_together([one, other])
    with pytest.raises(Invalid):
        paths.check_together([other], [one])


def test_what_is_there_already_is_not_judged_again() -> None:
    paths.check_together(["new.md"], ["old.md", "OLD.md"])


@pytest.mark.parametrize("text", ["con", "AUX", "nul", "head", "com1", "lpt9"])
def test_a_topic_never_becomes_a_name_that_cannot_be_written(text: str) -> None:
    assert paths.check_path(slug(text)) == slug(text)
    assert paths.check_path(f"{slug(text)}.md")


@pytest.mark.parametrize("name", ["..", "../../x", ".git", "con", "aux.txt", "a\u202eb", "\u200bx", "y" * 256, "x."])
def test_a_name_that_is_no_folders_is_refused_on_the_way_in(name: str) -> None:
    data = zip_of({"SKILL.md": skill_md(f'"{name}"')})
    with pytest.raises(Invalid, match="valid folder name"):
        read_skill_zip(data)


def test_what_tools_obey_is_left_out_of_an_upload_and_named() -> None:
    upload = read_skill_zip(
        zip_of(
            {"s/SKILL.md": skill_md("s"), "s/.git/config": "x", "s/.git/HEAD": "x", "s/bare/HEAD": "x", "s/a.md": "a"}
        )
    )
    assert sorted(upload.files) == ["SKILL.md", "a.md"]
    assert len(upload.warnings) == 1
    assert "'s/.git/config', 's/.git/HEAD', 's/bare/HEAD'" in upload.warnings[0]


@pytest.mark.parametrize("path", [".notes.md", "aux.md", "NOTES.md", "notes.md/a.md"])
def test_what_learns_writes_no_such_path_even_where_one_was_stored(path: str) -> None:
    draft = Draft(name="s", files={"notes.md": b"a", ".notes.md": b"old", "aux.md": b"old"})
    with pytest.raises(Invalid):
        draft.put(path, "new", [])
    assert draft.files.get(path, b"old") == b"old"
    draft.put("notes.md", "b", [])
    assert draft.written == {"notes.md"}


# --- the way out ------------------------------------------------------------------------------------------------------

HEAD = skill_md("notes").encode()


@pytest.mark.parametrize("name", ["..", "../../x", "", ".git", "a/b", "con", "a\u202eb", "z" * 400, "a\x00", "\ud800"])
def test_a_stored_name_that_is_no_folders_is_exported_under_another(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    written = export_folder(root, name, {"SKILL.md": HEAD})
    assert [path.name for path in root.iterdir()] == [written.folder.name]
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
    assert read_folder(written.folder) == {"SKILL.md": HEAD}
    assert written.folder.name in written.notes[0]
    assert export_folder(root, name, {"SKILL.md": HEAD}) == written


@pytest.mark.parametrize("path", [*OBEYED, *UNSAFE, "SKILL.MD", "skill.md/x"])
def test_a_stored_path_that_is_not_safe_keeps_nothing_else_from_being_exported(tmp_path: Path, path: str) -> None:
    written = export_folder(tmp_path, "notes", {"SKILL.md": HEAD, path: b"x", "a.md": b"a"})
    found = read_folder(written.folder)
    assert found["SKILL.md"] == HEAD
    assert found["a.md"] == b"a"
    assert [one.name for one in tmp_path.iterdir()] == ["notes"]
    assert path == archive.MANIFEST or len(written.notes) == 1
    on_disk = [one for one in written.folder.rglob("*") if one.name != archive.MANIFEST]
    assert not any(paths.acts_unasked(one.relative_to(written.folder).as_posix()) for one in on_disk)


def test_what_an_older_export_wrote_and_may_no_longer_leave_is_removed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", {"SKILL.md": HEAD})
    config = folder / ".git" / "config"
    config.parent.mkdir()
    config.write_bytes(b"[core]\n")
    digest = archive._digest(config)
    manifest = folder / archive.MANIFEST
    manifest.write_text(manifest.read_text().replace('"files": {', f'"files": {{".git/config": "{digest}",'))
    written = export_folder(tmp_path, "notes", {"SKILL.md": HEAD, ".git/config": b"[core]\n"})
    assert not config.parent.exists()
    assert ".git/config" in written.notes[0]


def test_a_lost_file_of_an_earlier_export_stays(tmp_path: Path) -> None:
    export_folder(tmp_path, "notes", {"SKILL.md": HEAD, "a.md": b"a"})
    written = export_folder(tmp_path, "notes", {"SKILL.md": HEAD + b"2"}, ["a.md"])
    assert read_folder(written.folder) == {"SKILL.md": HEAD + b"2", "a.md": b"a"}
    assert "'a.md'" in written.notes[0]
    export_folder(tmp_path, "notes", {"SKILL.md": HEAD})
    assert read_folder(written.folder) == {"SKILL.md": HEAD}  # it was still known as ours


PARTS = st.text(st.sampled_from("aAbe\u0301\u00e9.~ :\\?\u202e\u200b1-\u4e2d"), min_size=1, max_size=6)
PARTS |= st.sampled_from(["SKILL.md", "skill.MD", "con", "aux.txt", "HEAD", ".git", "..", "a", "A", "desktop.ini"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
ANY_FILES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=6)


def taken(files: dict[str, bytes]) -> dict[str, bytes]:
    """Those of some files that come in, one after the other."""
    names, found = paths.Names(), dict[str, bytes]()
    for path, data in files.items():
        try:
            checked = paths.check_path(path)
            names.add(checked)
        except Invalid:
            continue
        found[checked] = data
    return found


@settings(max_examples=60, deadline=None)
@given(ANY_FILES)
def test_what_came_in_goes_out_and_comes_in_again_the_same(files: dict[str, bytes]) -> None:
    known = taken(files)
    assert paths.exportable(known) == (known, [])
    assert read_zip(write_zip(known)) == known
    with tempfile.TemporaryDirectory() as root:
        written = export_folder(Path(root), "notes", known)
        assert written.notes == []
        assert read_folder(written.folder) == known


@settings(max_examples=60, deadline=None)
@given(PATHS, ANY_FILES)
def test_whatever_is_stored_goes_out_as_a_safe_tree_and_nothing_is_written_outside(
    name: str, files: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as top:
        root = Path(top) / "root"
        written = export_folder(root, name, files)
        assert [one.name for one in Path(top).iterdir()] == ["root"]
        assert [one.name for one in root.iterdir()] == [written.folder.name]
        assert paths.check_name(written.folder.name)
        found = read_folder(written.folder)
        assert all(paths.is_good(path) for path in found)
        assert sum(path.is_file() for path in written.folder.rglob("*")) == len(found) + 1
        assert read_zip(write_zip(found)) == found
        assert {path: data for path, data in files.items() if path in found} == {
            path: found[path] for path in found if path in files
        }
        if len(found) < len(files):
            assert written.notes


def test_a_zip_of_files_that_are_all_in_one_folder_keeps_the_folder() -> None:
    files = {"deep/SKILL.md": HEAD, f"deep/{'x' * 230}.md": b"x"}
    assert read_zip(write_zip(files)) == files


def test_the_skills_own_skill_md_comes_first_in_its_zip() -> None:
    files = {"Examples/SKILL.md": skill_md("other").encode(), "SKILL.md": HEAD}
    assert read_skill_zip(write_zip(files)).name == "notes"


def test_notes_are_in_the_comment_of_a_zip_and_in_nobodys_way() -> None:
    files = {"SKILL.md": HEAD}
    assert read_zip(write_zip(files, ["Left out: '\u00e9'." * 2_000])) == files
