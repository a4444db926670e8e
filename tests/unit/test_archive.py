"""A skill as a ZIP and as a folder: what is taken, what is refused, what is never touched."""

import hashlib
import io
import os
import stat
import struct
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import archive
from seasoned.archive import (
    MANIFEST,
    read_folder,
    read_skill_zip,
    read_zip,
    stored_name,
    write_folder,
    write_zip,
)
from seasoned.errors import Conflict, Invalid, NotFound, TooLarge
from seasoned.paths import check_path
from seasoned.skill import FILES_MAX, LEARNED_FILES_MAX, SKILL_BYTES_MAX

MIB = 1024 * 1024
HEAD = b"---\nname: notes\ndescription: Says how. Use it in tests.\n---\n\n# Notes\n"


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with these entries, names as given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for path, data in files.items():
            target.writestr(path, data)
    return buffer.getvalue()


def crooked(path: str) -> bytes:
    """A ZIP with one name that zipfile would tidy up when writing."""
    placeholder = "q" * len(path.encode())
    return zip_of({"SKILL.md": HEAD, placeholder: b"x"}).replace(placeholder.encode(), path.encode())


def with_attributes(mode: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("SKILL.md", HEAD)
        entry = zipfile.ZipInfo("odd.md")
        entry.create_system, entry.external_attr = 3, (mode | 0o644) << 16
        target.writestr(entry, "SKILL.md")
    return buffer.getvalue()


def encrypted() -> bytes:
    """A ZIP whose entries claim to be encrypted (bit 0 of the flags, local and central)."""
    data = bytearray(zip_of({"SKILL.md": HEAD}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def lying(size: int) -> bytes:
    """An entry of 3 MiB that declares `size` bytes."""
    raw = os.urandom(3 * MIB)
    data = zip_of({"SKILL.md": HEAD, "liar.bin": raw})
    return data.replace(struct.pack("<I", len(raw)), struct.pack("<I", size))


def overlapping() -> bytes:
    """An entry whose bytes are another entry: each by itself is whole, with the right checksum."""
    inner = zip_of({"b.md": b"x" * 50}, zipfile.ZIP_STORED)
    local, central = inner[: inner.index(b"PK\x01\x02")], inner[inner.index(b"PK\x01\x02") : inner.index(b"PK\x05\x06")]
    outer = zip_of({"a.md": local}, zipfile.ZIP_STORED)
    end = outer.rindex(b"PK\x05\x06")
    moved = central[:42] + struct.pack("<I", 30 + len("a.md")) + central[46:]
    start = outer.index(b"PK\x01\x02")
    counts = struct.pack("<HHII", 2, 2, end - start + len(moved), start)
    return outer[:end] + moved + outer[end : end + 8] + counts + outer[end + 20 :]


def self_containing() -> bytes:
    """An entry whose bytes are the directory that lists it."""
    data = bytearray(zip_of({"a.md": b""}, zipfile.ZIP_STORED))
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    length = end - start
    for at in (18, start + 20):
        data[at : at + 8] = struct.pack("<II", length, length)
    return bytes(data)


def zip64() -> bytes:
    """A plain ZIP with the ZIP64 locator in front of its end."""
    data = zip_of({"SKILL.md": HEAD})
    end = data.rindex(b"PK\x05\x06")
    return data[:end] + b"PK\x06\x07" + bytes(16) + data[end:]


def huge_directory() -> bytes:
    """An end that declares few entries and a directory of gigabytes."""
    data = bytearray(zip_of({"SKILL.md": HEAD}))
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 2**31)
    return bytes(data)


def corrupt() -> bytes:
    data = bytearray(zip_of({"SKILL.md": HEAD, "a.bin": os.urandom(4_000)}, zipfile.ZIP_STORED))
    at = data.index(b"a.bin") + 500
    data[at] ^= 0xFF
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], type[Invalid]]] = {
    "empty": (lambda: b"", Invalid),
    "text": (lambda: HEAD, Invalid),
    "only a beginning": (lambda: b"PK\x03\x04 and no more than that", Invalid),
    "cut off": (lambda: zip_of({"SKILL.md": HEAD, "a.md": os.urandom(5_000)})[:-30], Invalid),
    "an end alone, cut off": (lambda: b"PK\x05\x06" + bytes(5), Invalid),
    "a path that climbs": (lambda: crooked("../../outside.md"), Invalid),
    "a path that climbs in its middle": (lambda: crooked("a/../../outside.md"), Invalid),
    "an absolute path": (lambda: crooked("/etc/outside.md"), Invalid),
    "back-slashes": (lambda: crooked("..\\..\\outside.md"), Invalid),
    "a drive": (lambda: crooked("C:/outside.md"), Invalid),
    "a control character": (lambda: crooked("no\x07te.md"), Invalid),
    "a NUL that hides the rest": (lambda: crooked("a.md\x00/../../b"), Invalid),
    "an empty part": (lambda: crooked("a//b.md"), Invalid),
    "a very long name": (lambda: zip_of({"SKILL.md": HEAD, "x" * 4_000: b"x"}), Invalid),
    "names that differ in case only": (lambda: zip_of({"SKILL.md": HEAD, "a.md": b"1", "A.md": b"2"}), Invalid),
    "names that differ in composition only": (lambda: zip_of({"\u00e9.md": b"1", "e\u0301.md": b"2"}), Invalid),
    "a file that is a folder too": (lambda: zip_of({"SKILL.md": HEAD, "a": b"1", "a/b": b"2"}), Invalid),
    "a symbolic link": (lambda: with_attributes(stat.S_IFLNK), Invalid),
    "a device": (lambda: with_attributes(stat.S_IFBLK), Invalid),
    "a pipe": (lambda: with_attributes(stat.S_IFIFO), Invalid),
    "encrypted": (encrypted, Invalid),
    "an unusual method": (lambda: zip_of({"SKILL.md": HEAD}, zipfile.ZIP_LZMA), Invalid),
    "ZIP64": (zip64, Invalid),
    "a wrong checksum": (corrupt, Invalid),
    "overlapping entries": (overlapping, Invalid),
    "an entry that reaches into the directory": (self_containing, Invalid),
    "sizes declared too small": (lambda: lying(10), Invalid),
    "sizes declared too large": (lambda: lying(3 * MIB + 1), Invalid),
    "sizes declared far too large": (lambda: lying(2**32 - 2), TooLarge),
    "too many files": (lambda: zip_of({f"{n}.md": b"" for n in range(FILES_MAX + 1)}), TooLarge),
    "a directory of gigabytes": (huge_directory, TooLarge),
    "a bomb": (lambda: zip_of({"SKILL.md": HEAD, "zeros.bin": bytes(20 * MIB)}), TooLarge),
    "more than a skill holds": (
        lambda: zip_of({"a": bytes(SKILL_BYTES_MAX // 2 + 1), "b": bytes(30 * MIB)}, 0),
        TooLarge,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_zip_that_is_not_safe_is_refused_with_a_sentence(name: str) -> None:
    make, error = REFUSED[name]
    with pytest.raises(Invalid) as caught:
        read_zip(make())
    assert type(caught.value) is error, caught.value
    assert str(caught.value).endswith(".")
    assert " " in str(caught.value)


def test_entries_that_overlap_are_each_whole() -> None:
    with zipfile.ZipFile(io.BytesIO(overlapping())) as made:  # so that nothing but the overlap can refuse them
        assert made.read("b.md") == b"x" * 50
        assert made.read("a.md").endswith(b"x" * 50)


@pytest.mark.parametrize("name", ["a bomb", "more than a skill holds", "sizes declared far too large"])
def test_what_declares_too_much_is_refused_before_it_is_unpacked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = REFUSED[name][0]()
    monkeypatch.delattr(archive, "_unpack")
    with pytest.raises(TooLarge):
        read_zip(data)


def test_ten_thousand_files_are_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zip_of({f"notes/{n}.md": b"x" * 100 for n in range(10_000)}, zipfile.ZIP_STORED)
    monkeypatch.delattr(zipfile, "ZipFile")  # only the end of the ZIP is looked at
    with pytest.raises(TooLarge, match="10000"):
        read_zip(data)


def test_an_entry_that_unpacks_to_far_more_than_declared_takes_no_memory() -> None:
    data = zip_of({"SKILL.md": HEAD, "zeros.bin": bytes(40 * MIB)})
    told = data.replace(struct.pack("<I", 40 * MIB), struct.pack("<I", 5))
    tracemalloc.start()
    with pytest.raises(Invalid):
        read_zip(told)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MIB


def test_folders_and_what_macos_adds_are_left_out_and_the_common_folder_goes() -> None:
    entries = {"notes/": b"", "notes/SKILL.md": HEAD, "notes/Sub/A.md": b"a", "notes/.DS_Store": b"", "notes/._x": b""}
    assert read_zip(zip_of({**entries, "__MACOSX/notes/._SKILL.md": b"x"})) == {"SKILL.md": HEAD, "Sub/A.md": b"a"}


def test_only_a_folder_that_all_files_share_goes() -> None:
    assert list(read_zip(zip_of({"a/SKILL.md": HEAD, "b/x.md": b""}))) == ["a/SKILL.md", "b/x.md"]
    assert list(read_zip(zip_of({"SKILL.md": HEAD, "a/x.md": b""}))) == ["SKILL.md", "a/x.md"]
    assert list(read_zip(zip_of({"a/b/SKILL.md": HEAD, "a/b/x.md": b""}))) == ["b/SKILL.md", "b/x.md"]


def test_a_zip_with_a_comment_or_something_in_front_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("SKILL.md", HEAD)
        target.comment = b"made by hand"
    assert read_zip(buffer.getvalue()) == {"SKILL.md": HEAD}
    assert read_zip(b"#!/bin/sh\n" + zip_of({"SKILL.md": HEAD})) == {"SKILL.md": HEAD}


# Of all characters there are, and of some that may stand in a path: of the first alone too few can be stored.
NAMES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="/\\"), min_size=1, max_size=12),
    st.text("abXYZ019 ._-äß日", min_size=1, max_size=12),
    st.text("abXYZ019_-äß日", min_size=1, max_size=12),
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def is_storable(path: str) -> bool:
    try:
        return check_path(path) == path and not path.rsplit("/", 1)[-1].startswith("._")
    except Invalid:
        return False


@st.composite
def file_sets(draw: st.DrawFn) -> dict[str, bytes]:
    """Files that may stand together in a skill, SKILL.md at the top."""
    files = {"SKILL.md": HEAD}
    for path in draw(st.lists(PATHS.filter(is_storable), max_size=6)):
        parts = path.casefold().split("/")
        taken = {name.casefold() for name in files}
        folders = {"/".join(name.split("/")[:n]) for name in taken for n in range(1, name.count("/") + 1)}
        above = {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
        if not above & taken and path.casefold() not in folders and not path.startswith("__MACOSX/"):
            files[path] = draw(st.binary(max_size=200))
    return {path: data for path, data in files.items() if path.rsplit("/", 1)[-1] != ".DS_Store"}


@given(file_sets())
def test_what_is_zipped_is_unzipped_as_it_was(files: dict[str, bytes]) -> None:
    data = write_zip(files)
    assert read_zip(data) == files
    assert write_zip(dict(reversed(files.items()))) == data


def test_files_that_shrink_very_well_come_back_too() -> None:
    files = {"SKILL.md": HEAD, "zeros.bin": bytes(8 * MIB)}
    assert read_zip(write_zip(files)) == files


def test_a_zip_is_the_same_whenever_and_wherever_it_is_made() -> None:
    digest = hashlib.sha256(zlib_free(write_zip({"b.md": b"b", "SKILL.md": HEAD}))).hexdigest()
    with zipfile.ZipFile(io.BytesIO(write_zip({"b.md": b"b", "SKILL.md": HEAD}))) as made:
        assert [entry.filename for entry in made.infolist()] == ["SKILL.md", "b.md"]
        assert {entry.date_time for entry in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in made.infolist()} == {stat.S_IFREG | 0o644}
        assert {entry.create_system for entry in made.infolist()} == {3}
    assert digest == hashlib.sha256(zlib_free(write_zip({"SKILL.md": HEAD, "b.md": b"b"}))).hexdigest()


def zlib_free(data: bytes) -> bytes:
    """The directory of a ZIP, which does not depend on the version of zlib but for sizes."""
    return data[data.index(b"PK\x01\x02") :]


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: zip_of({"SKILL.md": HEAD})[:-22] + tail))
def test_any_bytes_are_refused_with_our_error_or_read(data: bytes) -> None:
    try:
        files = read_zip(data)
    except Invalid as error:
        assert str(error)
    else:
        assert all(check_path(path) == path for path in files)


@given(st.data())
def test_a_zip_with_any_bytes_changed_is_refused_with_our_error_or_read_safely(data: st.DataObject) -> None:
    raw = bytearray(zip_of({"a/SKILL.md": HEAD, "a/b.md": b"b" * 40}))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        files = read_zip(bytes(raw))
    except Invalid:
        return
    assert all(check_path(path) == path for path in files)


HOSTILE_NAMES = st.text(st.sampled_from("./\\:a~ \x00\x07\u2044\uff0e\u202e"), min_size=1, max_size=12)


@given(HOSTILE_NAMES)
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        files = read_zip(crooked(name))
    except Invalid:
        return
    root = Path("/somewhere/root")
    for path in files:
        assert root in Path(os.path.normpath(root / path)).parents
        assert "\\" not in path


# --- the head of an uploaded skill ------------------------------------------------------------------------------------


def test_the_skill_file_in_any_case_at_any_depth_gives_the_head() -> None:
    upload = read_skill_zip(zip_of({"x.md": b"", "deep/er/skill.MD": HEAD, "deep/er/a.md": b"a"}))
    assert (upload.name, upload.description) == ("notes", "Says how. Use it in tests.")
    assert sorted(upload.files) == ["a.md", "skill.MD"]
    assert "'deep/er/'" in upload.warnings[-1]


@pytest.mark.parametrize("folder", ["", "notes/", "skills/notes/", "all/skills/notes/"])
def test_the_manifest_beside_the_skill_file_says_where_the_skill_comes_from(folder: str) -> None:
    told = archive.ExportOrigin("0191d2b7-0000-7000-8000-000000000001", 3)
    manifest = msgspec.json.encode(archive.ExportManifest(skill_id=told.skill_id, version=told.version))
    files = {f"{folder}SKILL.md": HEAD, f"{folder}{archive.MANIFEST}": manifest}
    assert read_skill_zip(zip_of(files)).origin == told
    assert read_skill_zip(zip_of({**files, "README.md": b""})).origin == told
    assert read_skill_zip(zip_of({"SKILL.md": HEAD, f"examples/b/{archive.MANIFEST}": manifest})).origin is None


def test_a_skill_may_hold_another_one() -> None:
    upload = read_skill_zip(zip_of({"examples/b/SKILL.md": HEAD.replace(b"notes", b"other"), "SKILL.md": HEAD}))
    assert (upload.name, sorted(upload.files)) == ("notes", ["SKILL.md", "examples/b/SKILL.md"])


@pytest.mark.parametrize("folders", [("a/", "b/"), ("a/x/", "a/y/"), ("a/x/", "b/")])
def test_several_skills_in_a_zip_are_refused(folders: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="several skills"):
        read_skill_zip(zip_of({f"{folder}SKILL.md": HEAD for folder in folders} | {"README.md": b""}))


@pytest.mark.parametrize(
    "text",
    [
        b"name: notes\ndescription: d\n",
        b"---\nname: notes\ndescription: d\n",
        b"# Title\n\n---\nname: notes\ndescription: d\n---\n\nBody\n",
        b" --- \r\nname: notes\r\ndescription: d\r\n--- \r\n",
        b"\xef\xbb\xbf---\nname: notes\ndescription: d\n---\n",
        b"---\nname: notes\ndescription: d\nother: [1, 2]\n---\n\n---\n",
    ],
)
def test_front_matter_is_found_as_upstream_finds_it(text: bytes) -> None:
    upload = read_skill_zip(zip_of({"SKILL.md": text}))
    assert (upload.name, upload.description) == ("notes", "d")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": b"x"},
        {"SKILL.md": b""},
        {"SKILL.md": b"# Just text: with colons\n: : :"},
        {"SKILL.md": b"---\nname: [\n---\n"},
        {"SKILL.md": b"---\ndescription: x\n---\n"},
        {"SKILL.md": b"---\nname: x\n---\n"},
        {"SKILL.md": b'---\nname: " "\ndescription: x\n---\n'},
        {"SKILL.md": b"---\nname: [a]\ndescription: {b: c}\n---\n"},
        {"SKILL.md": b"---\n- a\n---\n"},
        {"SKILL.md": b"---\nname: \xff\xfe\ndescription: x\n---\n"},
        {"SKILL.md": b"---\nname: " + b"[" * 50_000 + b"\n---\n"},
        {"SKILL.md": b"---\nname: x\ndescription: \x00\n---\n"},
    ],
)
def test_a_skill_without_a_readable_head_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(Invalid):
        read_skill_zip(zip_of(files))


def test_what_cannot_stand_in_a_file_name_becomes_a_hyphen() -> None:
    assert stored_name('My Skill/a\\b:c*d?e"f<g>h|i') == "My-Skill-a-b-c-d-e-f-g-h-i"
    assert stored_name("Käse_v1.2") == "Käse_v1.2"


def test_an_upload_that_the_standard_refuses_is_taken_with_warnings() -> None:
    skill = b"# Before\n---\nname: My Notes\ndescription: d\nversion: 2\n---\n"
    upload = read_skill_zip(zip_of({"x/skill.md": skill, "x/a.md": b"a"}))
    assert upload.name == "My-Notes"
    assert list(upload.files) == ["skill.md", "a.md"]
    assert len(upload.warnings) == 4
    assert all(warning.startswith("Not to the Agent Skills standard: ") for warning in upload.warnings)
    assert "version" in " ".join(upload.warnings)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_an_upload_to_the_standard_has_no_warnings(mark: bytes) -> None:
    upload = read_skill_zip(zip_of({"notes/SKILL.md": mark + HEAD}))
    assert (upload.name, upload.description, upload.warnings) == ("notes", "Says how. Use it in tests.", [])


# --- folders ----------------------------------------------------------------------------------------------------------

FILES = {"SKILL.md": HEAD, "notes/a.md": b"a\n", "notes/deep/b.md": b"b\n"}


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_skill_is_written_read_and_written_again(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    assert folder == tmp_path / "notes"
    assert read_folder(folder) == FILES
    before = everything_in(folder)
    assert write_folder(tmp_path, "notes", FILES) == folder
    assert everything_in(folder) == before
    assert set(before) == {*FILES, MANIFEST}


def test_an_export_replaces_and_removes_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    write_folder(tmp_path, "notes", {"SKILL.md": HEAD + b"more\n"})
    assert read_folder(folder) == {"SKILL.md": HEAD + b"more\n"}
    assert not (folder / "notes").exists()


def test_an_export_leaves_what_others_put_there_alone(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    (folder / "mine.md").write_bytes(b"mine")
    (folder / "notes" / "mine.md").write_bytes(b"mine too")
    write_folder(tmp_path, "notes", {"SKILL.md": HEAD})
    assert read_folder(folder) == {"SKILL.md": HEAD, "mine.md": b"mine", "notes/mine.md": b"mine too"}


def test_a_file_edited_by_hand_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    (folder / "notes/a.md").write_bytes(b"edited")
    with pytest.raises(Conflict, match=r"a\.md"):
        write_folder(tmp_path, "notes", {**FILES, "SKILL.md": HEAD + b"new", "notes/a.md": b"new"})
    assert read_folder(folder) == {**FILES, "notes/a.md": b"edited"}  # nothing else was written either
    write_folder(tmp_path, "notes", {"SKILL.md": HEAD})
    assert read_folder(folder) == {"SKILL.md": HEAD, "notes/a.md": b"edited"}


def test_a_file_that_was_there_before_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/SKILL.md").write_bytes(b"somebody's")
    with pytest.raises(Conflict, match=r"SKILL\.md"):
        write_folder(tmp_path, "notes", FILES)
    assert everything_in(tmp_path / "notes") == {"SKILL.md": b"somebody's"}
    (tmp_path / "notes/SKILL.md").write_bytes(HEAD)  # the very same bytes are in nobody's way
    assert read_folder(write_folder(tmp_path, "notes", FILES)) == FILES


@pytest.mark.parametrize("place", ["notes", "notes/notes", "notes/SKILL.md", "notes/" + MANIFEST])
def test_a_link_is_never_followed(tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"outside")
    root = tmp_path / "root"
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(outside / "file" if "." in place else outside)
    with pytest.raises(Conflict, match="link"):
        write_folder(root, "notes", FILES)
    assert everything_in(outside) == {"file": b"outside"}


def test_a_folder_or_file_in_the_way_is_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "notes/SKILL.md").mkdir(parents=True)
    with pytest.raises(Conflict):
        write_folder(tmp_path, "notes", FILES)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes").write_bytes(b"a file")
    with pytest.raises(Conflict):
        write_folder(tmp_path, "other", FILES)


@pytest.mark.parametrize("victim", ["../victim.md", "/victim.md", "a/../../victim.md"])
def test_a_forged_manifest_removes_nothing_outside(tmp_path: Path, victim: str) -> None:
    outside = tmp_path / "victim.md"
    outside.write_bytes(b"precious")
    folder = write_folder(tmp_path, "notes", FILES)
    digest = hashlib.sha256(b"precious").hexdigest()
    path = victim if not victim.startswith("/") else str(outside)
    (folder / MANIFEST).write_text(f'{{"files": {{"{path}": "{digest}"}}}}')
    with pytest.raises(Conflict):
        write_folder(tmp_path, "notes", FILES)
    assert outside.read_bytes() == b"precious"


def test_a_removed_file_is_not_looked_for_through_a_link(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.md").write_bytes(b"a\n")
    for path in ("notes/a.md", "notes/deep/b.md"):
        (folder / path).unlink()
    (folder / "notes/deep").rmdir()
    (folder / "notes").rmdir()
    (folder / "notes").symlink_to(tmp_path / "outside")
    write_folder(tmp_path, "notes", {"SKILL.md": HEAD})
    assert (tmp_path / "outside/a.md").read_bytes() == b"a\n"


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(5))
def test_an_export_that_was_cut_off_anywhere_can_be_finished_with_newer_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    left = [step]
    whole = archive.replace_file

    def dying(target: Path, data: bytes) -> None:
        if left[0] == 0:
            raise Crash
        left[0] -= 1
        whole(target, data)

    newer = {path: data + b"2" for path, data in FILES.items()}
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(archive, "replace_file", dying)
        write_folder(tmp_path, "notes", newer)
    assert all(data in (FILES[path], newer[path]) for path, data in read_folder(folder).items())
    newest = {"SKILL.md": HEAD + b"3"}
    assert read_folder(write_folder(tmp_path, "notes", newest)) == newest


@pytest.mark.parametrize("name", ["..", "", "a/b", "/a", ".git", "a\\b", "a\x00"])
def test_a_name_that_is_no_folder_of_its_own_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        write_folder(tmp_path / "root", name, FILES)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("path", ["../x", "/x", "a\\b", "SKILL.MD", "notes", "é" * 200])
def test_files_that_cannot_be_written_together_are_refused_whole(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid):
        write_folder(tmp_path, "notes", {**FILES, path: b"x"})
    assert not (tmp_path / "notes").exists()


def test_what_an_export_notes_is_never_taken_from_the_skill(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", {**FILES, MANIFEST: b"x", MANIFEST.upper(): b"x"})
    assert read_folder(folder) == FILES
    assert (folder / MANIFEST).read_bytes() != b"x"


def test_reading_a_folder_leaves_out_links_and_hidden_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "notes", FILES)
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link.md").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    (folder / ".git").mkdir()
    (folder / ".git/config").write_bytes(b"x")
    (folder / ".env").write_bytes(b"x")
    os.mkfifo(folder / "pipe")
    assert read_folder(folder) == FILES


def test_a_journal_of_a_year_is_written_and_read_again(tmp_path: Path) -> None:
    files = {"SKILL.md": HEAD} | {f"{'day-' * 40}{number:04}.md": b"- did it\n" for number in range(400)}
    folder = write_folder(tmp_path, "daily-logs", files)
    assert read_folder(write_folder(tmp_path, "daily-logs", files)) == files
    assert read_folder(folder) == files


def test_reading_a_folder_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_folder(tmp_path / "nowhere")
    big = tmp_path / "big"
    big.mkdir()
    with (big / "SKILL.md").open("wb") as file:
        file.truncate(SKILL_BYTES_MAX + 1)
    with pytest.raises(TooLarge):
        read_folder(big)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(LEARNED_FILES_MAX + 1):
        (many / f"{number}.md").touch()
    with pytest.raises(TooLarge):
        read_folder(many)


@given(file_sets())
def test_any_files_of_a_skill_come_back_from_a_folder_unless_hidden(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = write_folder(Path(root), "notes", files)
        hidden = {path for path in files if any(part.startswith(".") for part in path.split("/"))}
        assert read_folder(folder) == {path: data for path, data in files.items() if path not in hidden}
