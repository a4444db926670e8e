"""A skill as a ZIP or a folder: reading untrusted ones, and writing without overwriting anyone's edits. A long file, as
what is refused when reading has to match what is written.

A ZIP is checked by its directory before it is unpacked, and unpacked in pieces because its declared sizes may be false.
An export never follows a link, never leaves its folder, and replaces or removes only what its manifest `.seasoned.json`
says that an earlier export wrote.
"""

import asyncio
import contextlib
import errno
import hashlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, TypeVar

import msgspec

from seasoned import faults
from seasoned.errors import Conflict, Invalid, NotFound, StorageFull, TooLarge
from seasoned.ids import new_id, parse_id
from seasoned.paths import (
    acts_unasked,
    check_inside,
    check_name,
    check_path,
    check_together,
    exportable,
    left_out_note,
)
from seasoned.skill import (
    FILES_MAX,
    LEARNED_FILES_MAX,
    SKILL_BYTES_MAX,
    SKILL_FILE,
    Frontmatter,
    check_files,
    check_standard,
    parse_skill_file,
    slug,
)

P = ParamSpec("P")
R = TypeVar("R")

RATIO_MAX: Final = 200
RATIO_FROM_BYTES: Final = 1024 * 1024
CHUNK: Final = 256 * 1024
# Folders and what macOS adds are entries too; more than this is no skill.
ENTRIES_MAX: Final = FILES_MAX * 4
DIRECTORY_BYTES_MAX: Final = ENTRIES_MAX * 2_048
FOLDER_ENTRIES_MAX: Final = 20_000
MANIFEST: Final = ".seasoned.json"
MANIFEST_BYTES_MAX: Final = 8 * 1024 * 1024
COMMENT_BYTES_MAX: Final = 8 * 1024
SKILL_FOLDER: Final = "skill"

_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_END_BYTES: Final = 22
_COMMENT_BYTES_MAX: Final = 65_535
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_ENCRYPTED: Final = 0x1
# If a link or a pipe has replaced the file since we saw it, it is not followed or waited for (where the system can).
_CAREFUL: Final[int] = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_UNSAFE_IN_NAMES: Final = re.compile(r'[ /\\:*?"<>|]')


class ExportOrigin(msgspec.Struct, frozen=True):
    """The skill and the version that an export was made of."""

    skill_id: str
    version: int


class SkillUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A skill that comes in; `warnings` list violations of the Agent Skills standard, an export's `origin` is known."""

    name: str
    description: str
    files: dict[str, bytes]
    warnings: list[str]
    origin: ExportOrigin | None = None


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A skill in a folder; `notes` say which files are missing or have another name than in the store."""

    folder: Path
    notes: list[str]


class ExportManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export wrote: files with their SHA-256, of a skill's version. `writing` is what it was about to write, in
    case it was interrupted.
    """

    skill_id: str = ""
    version: int = 0
    files: dict[str, str] = {}
    writing: dict[str, str] = {}

    @property
    def origin(self) -> ExportOrigin | None:
        try:
            return ExportOrigin(parse_id(self.skill_id, "The skill id"), self.version) if self.version > 0 else None
        except Invalid:
            return None

    def wrote(self, path: str, digest: str) -> bool:
        return digest in (self.files.get(path), self.writing.get(path))


async def to_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Pack or unpack in a thread, so that the event loop is not blocked."""
    return await asyncio.to_thread(work, *args, **kwargs)


def read_skill_zip(data: bytes) -> SkillUpload:
    """The skill of an uploaded ZIP (wire contract, E.2). Raises Invalid or TooLarge."""
    unpacked, left_out, manifest = _read_zip(data)
    folder = _skill_folder(unpacked)
    files = {path.removeprefix(folder): content for path, content in unpacked.items() if path.startswith(folder)}
    notes = left_out_note(left_out)
    if len(files) < len(unpacked):
        notes.insert(0, f"Only the folder {folder[:80]!r} of the ZIP was taken; what is outside of it stayed out.")
    return _upload(files, notes, _origin(manifest))


def read_skill_folder(path: Path) -> SkillUpload:
    """The skill of a folder. Raises NotFound, Invalid or TooLarge."""
    files = read_folder(path)
    try:
        origin = _read_manifest(path).origin
    except Conflict:
        origin = None
    return _upload(files, [], origin)


def _upload(files: dict[str, bytes], notes: list[str], origin: ExportOrigin | None) -> SkillUpload:
    path = next((path for path in files if path.lower() == SKILL_FILE.lower()), "")
    if not path:
        raise Invalid("The folder has no SKILL.md; give a skill's folder.")
    head = lenient_head(files[path])
    faults = [f"Not to the Agent Skills standard: {fault}." for fault in _faults(files, path, head)]
    return SkillUpload(
        name=check_name(stored_name(head.name)),
        description=head.description,
        files=files,
        warnings=[*faults, *notes],
        origin=origin,
    )


def _origin(manifest: bytes) -> ExportOrigin | None:
    """What a manifest in a ZIP says; nobody depends on its being good."""
    try:
        return msgspec.json.decode(manifest, type=ExportManifest).origin
    except (msgspec.DecodeError, RecursionError):
        return None


def _skill_folder(paths: Collection[str]) -> str:
    """The folder of a ZIP's only skill; a skill may hold others. Raises Invalid."""
    found = _skill_folders(paths)
    if not found:
        raise Invalid("The ZIP has no SKILL.md, hidden folders aside; put one into the skill's folder.")
    top = found[0]
    if other := next((folder for folder in found if not folder.startswith(top)), ""):
        raise Invalid(f"The ZIP has several skills, {top[:80]!r} and {other[:80]!r}; upload a ZIP of each.")
    return top


def _skill_folders(paths: Collection[str]) -> list[str]:
    """The folders with a SKILL.md, each with a slash at its end, those nearest to the top first."""
    found = [path[: path.rfind("/") + 1] for path in paths if f"/{path}".lower().endswith(f"/{SKILL_FILE}".lower())]
    return sorted(found, key=lambda folder: (folder.count("/"), folder))


def lenient_head(data: bytes) -> Frontmatter:
    """The front matter of an uploaded SKILL.md: the text between the first two lines `---`, wherever they are; without
    two such lines, the whole file is YAML. Raises Invalid if it has no name or description.
    """
    lines = _text(data).split("\n")
    fences = [at for at, line in enumerate(lines) if line.strip() == "---"]
    match fences:
        case [first, second, *_]:
            inner, body = lines[first + 1 : second], lines[second + 1 :]
        case _:
            inner, body = [line for line in lines if line.strip() != "---"], []
    return parse_skill_file("\n".join(["---", *inner, "---", *body]))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("SKILL.md is not UTF-8 text; save it as UTF-8.") from None


def _faults(files: Mapping[str, bytes], path: str, head: Frontmatter) -> Iterator[str]:
    yield from check_standard(head)
    if path != SKILL_FILE:
        yield f"its head is in {path[:80]!r}, not in {SKILL_FILE!r}"
    if not _text(files[path]).startswith("---"):
        yield "the front matter is not at the top of the file"


def stored_name(name: str) -> str:
    """The name under which a skill is stored: characters that a file name cannot have become hyphens."""
    return _UNSAFE_IN_NAMES.sub("-", name)


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of an untrusted ZIP by their paths in the skill, in the ZIP's order.

    Leaves out folders, files that macOS or an export adds, and files that tools run automatically; strips a folder that
    contains all files. Raises Invalid or TooLarge. Nothing is written to disk, and never more than a skill's limits is
    unpacked.
    """
    return _read_zip(data)[0]


def _read_zip(data: bytes) -> tuple[dict[str, bytes], list[str], bytes]:
    """The files, the paths that were left out because tools run them automatically, and the manifest of an export."""
    _check_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
            left_out = [entry.orig_filename for entry in entries if _is_left_out(entry)]
            kept = _kept([entry for entry in entries if not _is_left_out(entry)])
            _check_places(archive, data)
            files: dict[str, bytes] = {}
            for path, entry in kept.items():
                files[path] = _unpack(archive, entry, SKILL_BYTES_MAX - sum(map(len, files.values())))
            return files, left_out, _manifest_in(archive, kept)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError, NotImplementedError) as error:
        # zipfile raises these for malformed archives; ValueError includes names that are not UTF-8.
        raise Invalid(f"The ZIP is incomplete or damaged ({str(error)[:80]}); zip the skill's folder again.") from None


def _manifest_in(archive: zipfile.ZipFile, kept: Mapping[str, zipfile.ZipInfo]) -> bytes:
    """The manifest beside the SKILL.md that is nearest to the top; empty if there is none."""
    for folder in _skill_folders(kept)[:1]:
        skill = next(entry for path, entry in kept.items() if path.lower() == f"{folder}{SKILL_FILE}".lower())
        beside = skill.orig_filename[: -len(SKILL_FILE)] + MANIFEST
        for entry in archive.infolist():
            if entry.orig_filename == beside and entry.file_size <= MANIFEST_BYTES_MAX:
                _check_entry(entry)
                return _unpack(archive, entry, MANIFEST_BYTES_MAX)
    return b""


def _check_end(data: bytes) -> None:
    """Check the directory's size before it is read: a few MB of directory would become GBs of objects."""
    at = len(data) - _END_BYTES
    if data[at : at + 4] != _END or data[-2:] != b"\0\0":
        at = data.rfind(_END, max(0, len(data) - _END_BYTES - _COMMENT_BYTES_MAX))
    if at < 0 or at + _END_BYTES > len(data):
        raise Invalid("The file is not a ZIP; zip the skill's folder and upload that.")
    count, size = struct.unpack_from("<HI", data, at + 10)
    if data[max(0, at - 20) : at].startswith(_END_64):
        raise Invalid("The file is a ZIP64, which is for archives over 4 GB; zip the skill's folder as a plain ZIP.")
    if count > ENTRIES_MAX or size > DIRECTORY_BYTES_MAX:
        raise TooLarge(f"The ZIP has {count} entries; a skill holds at most {FILES_MAX} files.")


def _kept(entries: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries that are files of the skill, by their path in it."""
    if len(entries) > FILES_MAX:
        raise TooLarge(f"The ZIP has {len(entries)} files; a skill holds at most {FILES_MAX}.")
    total = sum(entry.file_size for entry in entries)
    if total > SKILL_BYTES_MAX:
        raise TooLarge(f"A skill holds at most {SKILL_BYTES_MAX} bytes unpacked; this ZIP declares {total}.")
    for entry in entries:
        _check_entry(entry)
    names = [entry.orig_filename for entry in entries]
    tops = {name.split("/", 1)[0] for name in names}
    if len(tops) == 1 and all("/" in name for name in names):
        check_path(tops.pop())
        names = [name.split("/", 1)[1] for name in names]
    paths = [check_path(name) for name in names]
    check_together(paths)
    return dict(zip(paths, entries, strict=True))


def _is_noise(entry: zipfile.ZipInfo) -> bool:
    name = entry.orig_filename
    last = name.rsplit("/", 1)[-1]
    added = last.startswith("._") or last in (".DS_Store", MANIFEST)
    return added or name.endswith("/") or name.startswith("__MACOSX/")


def _is_left_out(entry: zipfile.ZipInfo) -> bool:
    """Whether tools run it automatically. A path that leaves the folder is not left out but refused, as it is no
    accident.
    """
    return acts_unasked(entry.orig_filename) and ".." not in re.split(r"[/\\]", entry.orig_filename)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = repr(entry.orig_filename[:80])
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Invalid(f"The ZIP's entry {shown} is a link or a device; put a plain file there.")
    if entry.flag_bits & _ENCRYPTED:
        raise Invalid("The ZIP is encrypted; zip the skill's folder without a password.")
    # Other methods can ask for gigabytes of memory to unpack a few bytes.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Invalid(f"The ZIP's entry {shown} uses an unsupported compression; use deflate.")
    _check_ratio(entry, entry.file_size)


def _check_ratio(entry: zipfile.ZipInfo, size: int) -> None:
    if size > RATIO_FROM_BYTES and size > entry.compress_size * RATIO_MAX:
        raise TooLarge(
            f"The ZIP's entry {entry.orig_filename[:80]!r} unpacks to over {RATIO_MAX} times its size; leave it out."
        )


def _check_places(archive: zipfile.ZipFile, data: bytes) -> None:
    """Refuse entries that share bytes: that is how a small ZIP unpacks to something huge, or to itself."""
    end_before = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset < end_before:
            raise Invalid("The ZIP's entries overlap; zip the skill's folder again.")
        _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(data, entry.header_offset)
        end_before = entry.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes + entry.compress_size
    if end_before > archive.start_dir:
        raise Invalid("The ZIP's entries overlap its directory; zip the skill's folder again.")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, bytes_max: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    with archive.open(entry) as stream:
        while piece := stream.read(CHUNK):
            size += len(piece)
            if size > bytes_max:
                raise TooLarge(f"A skill holds at most {SKILL_BYTES_MAX} bytes unpacked; this ZIP has more.")
            _check_ratio(entry, size)
            pieces.append(piece)
    if size != entry.file_size:
        raise Invalid(f"The ZIP's entry {entry.orig_filename[:80]!r} does not have its declared size; zip it again.")
    return b"".join(pieces)


def write_zip(files: Mapping[str, bytes], notes: Sequence[str] = ()) -> bytes:
    """The files as a ZIP, notes in its comment; the same files give the same bytes."""
    target = io.BytesIO()
    write_zip_to(target, files, files.__getitem__, notes)
    return target.getvalue()


def write_zip_to(
    target: BinaryIO,
    paths: Collection[str],
    load: Callable[[str], bytes],
    notes: Sequence[str] = (),
    origin: ExportOrigin | None = None,
) -> None:
    """Write files as a ZIP, each loaded at its turn, with notes in its comment and a manifest that has their `origin`.

    The same files give the same bytes.
    """
    digests: dict[str, str] = {}
    # Reading strips a folder that contains all files, so such a folder is wrapped in another; and reading takes the
    # first of several SKILL.md for the skill's.
    tops = {path.partition("/")[0] if "/" in path else "" for path in paths}
    around = f"{SKILL_FOLDER}/" if len(tops) == 1 and "" not in tops else ""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = "\n".join(notes).encode()[:COMMENT_BYTES_MAX].decode(errors="ignore").encode()
        for path in sorted(paths, key=_order):
            data = load(path)
            digests[path] = _sha256(data)
            _write_entry(archive, around + path, data)
        if origin is not None:
            _write_entry(archive, around + MANIFEST, msgspec.json.encode(_manifest_of(origin, digests)))


def _write_entry(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # its time is 1980-01-01
    # What compresses too well is stored, as read_zip would take it for a ZIP bomb.
    shrinks = len(data) > RATIO_FROM_BYTES and len(zlib.compress(data)) * RATIO_MAX // 2 < len(data)
    entry.compress_type = zipfile.ZIP_STORED if shrinks else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(entry, data)


def folder_name(name: str) -> str:
    """The folder name of a stored skill: its own name, or a stable substitute if that is not a valid folder name."""
    try:
        return check_name(name)
    except Invalid:
        return f"{slug(name, 'skill')[:40]}-{_sha256(name.encode(errors='replace'))[:8]}"


def _order(path: str) -> tuple[bool, int, str]:
    is_main = path.rsplit("/", 1)[-1].lower() == SKILL_FILE.lower()
    return not is_main, path.count("/") if is_main else 0, path


def export_folder(
    root: Path, name: str, files: Mapping[str, bytes], lost: Collection[str] = (), origin: ExportOrigin | None = None
) -> Written:
    """Write a stored skill into a folder in `root`, as far as it may leave (see `exportable`).

    Earlier exports of `lost` files, whose bytes the store has lost, stay. Raises like `write_folder`.
    """
    safe, notes = exportable({path: data for path, data in files.items() if path.lower() != MANIFEST})
    folder = write_folder(root, folder_name(name), safe, lost, origin)
    if folder.name != name:
        notes.insert(0, f"The skill {name[:80]!r} is in {folder.name!r}, as its name cannot be a folder's everywhere.")
    notes += [f"{path[:80]!r} is not there: its bytes in the store are missing or damaged." for path in sorted(lost)]
    return Written(folder=folder, notes=notes)


def write_folder(
    root: Path, name: str, files: Mapping[str, bytes], keep: Collection[str] = (), origin: ExportOrigin | None = None
) -> Path:
    """Write a skill into `root/name`; the folder.

    Unedited files of an earlier export are replaced or, except for the paths to `keep`, removed; everything else is
    left alone. Raises Conflict naming a file or link that is in the way, and Invalid for names that cannot be written;
    then nothing was changed. Raises StorageFull when the disk is full; exporting again completes it.
    """
    folder = root / check_name(name)
    # The manifest is not part of the skill, even if an old upload contained one.
    wanted = {check_path(path): data for path, data in files.items() if path.lower() != MANIFEST}
    check_files({path: len(data) for path, data in wanted.items()})
    try:
        _write_tree(folder, wanted, keep, origin)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(
                f"The disk is full, so {folder} could not be written; free some space and export again."
            ) from error
        raise Invalid(f"{folder} cannot be written ({error.strerror}); choose a writable folder.") from error
    return folder


def _write_tree(folder: Path, wanted: Mapping[str, bytes], keep: Collection[str], origin: ExportOrigin | None) -> None:
    known = _read_manifest(folder)
    digests = {path: _sha256(data) for path, data in sorted(wanted.items())}
    for path in wanted:
        _check_target(folder, path, known, digests[path])
    _write_manifest(folder, msgspec.structs.replace(known, writing={**known.writing, **digests}))
    faults.point("folder.noted")
    for path, data in wanted.items():
        replace_file(folder / path, data)
        faults.point("folder.file")
    for path in {**known.files, **known.writing}:
        if path not in wanted and path not in keep:
            _remove(folder, path, known)
    kept = {path: known.files[path] for path in keep if path in known.files}
    _write_manifest(folder, _manifest_of(origin, {**kept, **digests}))


def local_changes(folder: Path) -> tuple[ExportManifest, dict[str, bytes | None]]:
    """What an export's folder was last written with, and what a person made of it since; None for files that are gone.

    Raises Conflict when the folder is a link or was not written by an export, and like `read_folder`.
    """
    known = _read_manifest(folder)
    if not known.files and not known.writing and folder.exists():
        raise Conflict(f"{folder} was not written by Seasoned, so it stays as it is; rename one of the two skills.")
    found = read_folder(folder) if folder.is_dir() else {}
    edited: dict[str, bytes | None] = {
        path: data for path, data in found.items() if not known.wrote(path, _sha256(data))
    }
    if known.writing or not found:  # what an interrupted export had removed, or a folder that was deleted, comes back
        return known, edited
    gone = [path for path in known.files if not os.path.lexists(folder / path)]
    for place in (place for path in gone for place in _parents(folder, path)):
        if place.is_symlink():
            raise Conflict(f"{place} is a link; move it away to sync there.")
    return known, edited | dict.fromkeys(gone)


def adopt(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Let the next export replace these edits, which are stored."""
    known = _read_manifest(folder)
    digests = {path: _sha256(data) for path, data in files.items() if data is not None}
    _write_manifest(folder, msgspec.structs.replace(known, writing={**known.writing, **digests}))


def remove_export(folder: Path) -> bool:
    """Remove what an export wrote; whether nothing is left. What others wrote or edited stays. Raises Conflict."""
    known = _read_manifest(folder)
    for path in {**known.files, **known.writing}:
        _remove(folder, path, known)
    if not folder.is_dir():
        return True
    if {entry.name for entry in os.scandir(folder)} <= {MANIFEST}:
        (folder / MANIFEST).unlink(missing_ok=True)
        folder.rmdir()
        return True
    # Files that are gone now were not removed by a person.
    left = {path: digest for path, digest in known.files.items() if (folder / path).is_file()}
    _write_manifest(folder, msgspec.structs.replace(known, files=left, writing={}))
    return False


def _check_target(folder: Path, path: str, known: ExportManifest, digest: str) -> None:
    target = folder / path
    for place in (*_parents(folder, path), target):
        if place.is_symlink() or (place != target and place.exists() and not place.is_dir()):
            raise Conflict(f"{place} is a link or not a folder; move it away to export there.")
    if not target.exists():
        return
    if not target.is_file() or ((found := _digest(target)) != digest and not known.wrote(path, found)):
        raise Conflict(f"{target} was not written by an export, or was edited since; move it away to export there.")


def _parents(folder: Path, path: str) -> Iterator[Path]:
    """The skill's folder and each folder on the way to a file in it."""
    yield folder
    for part in path.split("/")[:-1]:
        folder = folder / part
        yield folder


def replace_file(target: Path, data: bytes) -> None:
    """Write a file atomically and durably."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # A random name, and "x" so that no existing file or link is written to.
    temporary = target.with_name(f".{new_id()}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _remove(folder: Path, path: str, known: ExportManifest) -> None:
    """Remove an unedited file of an earlier export, and the folders that become empty."""
    target = folder / path
    if any(place.is_symlink() for place in (*_parents(folder, path), target)) or not target.is_file():
        return
    if known.wrote(path, _digest(target)):
        target.unlink()
        with contextlib.suppress(OSError):  # a folder that still holds something stays
            for place in reversed([*_parents(folder, path)][1:]):
                place.rmdir()


def _manifest_of(origin: ExportOrigin | None, digests: dict[str, str]) -> ExportManifest:
    """The manifest of a complete export."""
    if origin is None:
        return ExportManifest(files=digests)
    return ExportManifest(skill_id=origin.skill_id, version=origin.version, files=digests)


def _read_manifest(folder: Path) -> ExportManifest:
    """What an earlier export wrote. The file is in the user's folder, so it is not trusted more than is safe.

    Raises Conflict.
    """
    path = folder / MANIFEST
    if folder.is_symlink() or path.is_symlink():
        raise Conflict(f"{folder} or its {MANIFEST} is a link; move it away to export there.")
    if not path.exists():
        return ExportManifest()
    try:
        with path.open("rb") as file:
            manifest = msgspec.json.decode(file.read(MANIFEST_BYTES_MAX), type=ExportManifest)
        for name in {**manifest.files, **manifest.writing}:
            check_inside(name)
    except (msgspec.DecodeError, Invalid, IsADirectoryError):
        raise Conflict(f"{path} was not written by an export; move it away to export there.") from None
    return manifest


def _write_manifest(folder: Path, manifest: ExportManifest) -> None:
    replace_file(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_folder(path: Path) -> dict[str, bytes]:
    """The files of a skill's folder by their paths in it, sorted. Leaves out links, hidden files and other files that
    tools run automatically.

    Raises NotFound when there is no such folder, Invalid for a name that no skill can have, TooLarge.
    """
    if not path.is_dir():
        raise NotFound(f"{path} is not a folder; give the folder that contains SKILL.md.")
    found = sorted((check_path(name), file) for name, file in _walk(path))
    check_together(name for name, _ in found)
    files: dict[str, bytes] = {}
    left = SKILL_BYTES_MAX
    for name, file in found:
        files[name] = data = _read_file(file, left)
        left -= len(data)
    return files


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    seen = kept = 0
    for folder, folders, names in os.walk(root, followlinks=False, onerror=_refuse):
        seen += len(folders) + len(names)
        if seen > FOLDER_ENTRIES_MAX:
            raise TooLarge(f"{root} holds more than {FOLDER_ENTRIES_MAX} files and folders, so it is not a skill.")
        folders[:] = [name for name in folders if not acts_unasked(name)]
        for name in names:
            file = Path(folder, name)
            if not acts_unasked(name) and stat.S_ISREG(file.lstat().st_mode):
                kept += 1
                if kept > LEARNED_FILES_MAX:
                    raise TooLarge(f"{root} holds more than {LEARNED_FILES_MAX} files, the limit of a skill.")
                yield file.relative_to(root).as_posix(), file


def _refuse(error: OSError) -> None:
    raise Invalid(f"{error.filename} cannot be read ({error.strerror}); make it readable.") from error


def _read_file(path: Path, bytes_max: int) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _CAREFUL), "rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror}); make it readable.") from None
    if len(data) > bytes_max:
        raise TooLarge(f"A skill holds at most {SKILL_BYTES_MAX} bytes; {path.parent} is larger.")
    return data
