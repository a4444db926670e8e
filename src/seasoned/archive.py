"""A skill as a ZIP and as a folder. Both are untrusted on the way in, and safe to write over on the way out."""

import asyncio
import contextlib
import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from seasoned.errors import Conflict, Invalid, StorageFull, TooLarge
from seasoned.ids import new_id
from seasoned.skill import (
    FILES_MAX,
    SKILL_BYTES_MAX,
    SKILL_FILE,
    Frontmatter,
    check_path,
    check_standard,
    parse_skill_file,
)

P = ParamSpec("P")
R = TypeVar("R")

RATIO_MAX = 200
RATIO_FROM_BYTES = 1024 * 1024
CHUNK = 256 * 1024
MANIFEST = ".seasoned.json"
_LINK_MODES = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A skill read from a ZIP; `warnings` say what the Agent Skills standard has against it."""

    name: str
    description: str
    files: dict[str, bytes]
    warnings: list[str]


async def to_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the packing or unpacking in a thread, so that the event loop goes on."""
    return await asyncio.to_thread(work, *args, **kwargs)


def read_skill_zip(data: bytes) -> Upload:
    """The skill of an uploaded ZIP (wire contract, E.2). Raises Invalid or TooLarge."""
    files = read_zip(data)
    head = _metadata(files)
    name = re.sub(r'[ /\\:*?"<>|]', "-", head.name)
    warnings = [f"Not to the Agent Skills standard: {fault}." for fault in check_standard(head)]
    return Upload(name=name, description=head.description, files=files, warnings=warnings)


def _metadata(files: Mapping[str, bytes]) -> Frontmatter:
    path = next((path for path in files if path.rsplit("/", 1)[-1].lower() == SKILL_FILE.lower()), None)
    if path is None:
        raise Invalid("The ZIP has no SKILL.md; put one into the skill's folder.")
    try:
        text = files[path].decode()
    except UnicodeDecodeError:
        raise Invalid("SKILL.md is not UTF-8 text.") from None
    lines = text.lstrip("\ufeff").splitlines()
    fences = [index for index, line in enumerate(lines) if line.strip() == "---"][:2]
    # The front matter need not be at the top; without fences the whole file is YAML.
    inner = lines[fences[0] + 1 : fences[1]] if len(fences) == 2 else lines  # noqa: PLR2004
    return parse_skill_file("\n".join(["---", *inner, "---", ""]))


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of an untrusted ZIP by their safe paths. Raises Invalid or TooLarge; nothing is written anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _strip_common(_unpack(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError, OSError) as error:
        raise Invalid(
            f"The file is not a ZIP that can be read ({str(error)[:100]}); zip the skill's folder again."
        ) from None


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    if len(archive.infolist()) > FILES_MAX * 4:
        raise TooLarge(f"The ZIP has {len(archive.infolist())} entries; a skill holds at most {FILES_MAX} files.")
    entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
    if len(entries) > FILES_MAX:
        raise TooLarge(f"The ZIP has {len(entries)} files; a skill holds at most {FILES_MAX}.")
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    left = SKILL_BYTES_MAX
    for entry in entries:
        path = _safe_name(entry)
        if path.casefold() in folded:
            raise Invalid(f"The ZIP has {path[:80]!r} twice; file names must differ in more than case.")
        folded.add(path.casefold())
        files[path] = _read_entry(archive, entry, left)
        left -= len(files[path])
    return files


def _is_noise(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename.rsplit("/", 1)[-1]
    return entry.is_dir() or entry.filename.startswith("__MACOSX/") or name.startswith("._") or name == ".DS_Store"


def _safe_name(entry: zipfile.ZipInfo) -> str:
    # zipfile cuts names at NUL; the name as it was written must be safe too.
    path = check_path(entry.filename)
    if entry.orig_filename != entry.filename:
        check_path(entry.orig_filename.replace(os.sep, "/"))
    if stat.S_IFMT(entry.external_attr >> 16) in _LINK_MODES:
        raise Invalid(f"The ZIP's entry {path[:80]!r} is a link or a device; only plain files are taken.")
    if entry.flag_bits & 0x1:
        raise Invalid("The ZIP is encrypted; zip the skill's folder without a password.")
    return path


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, bytes_max: int) -> bytes:
    """An entry's bytes, read in pieces: what it declares of its size need not be true."""
    pieces: list[bytes] = []
    size = 0
    packed = max(entry.compress_size, 1)
    with archive.open(entry) as stream:
        while piece := stream.read(CHUNK):
            size += len(piece)
            if size > bytes_max:
                raise TooLarge(f"A skill holds at most {SKILL_BYTES_MAX} bytes unpacked; this ZIP has more.")
            if size > RATIO_FROM_BYTES and size > packed * RATIO_MAX:
                raise TooLarge(f"The ZIP's entry {entry.filename[:80]!r} unpacks to over {RATIO_MAX} times its size.")
            pieces.append(piece)
    return b"".join(pieces)


def _strip_common(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the folder that all files are in, if there is one."""
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) != 1 or any("/" not in path for path in files):
        return files
    return {path.split("/", 1)[1]: data for path, data in files.items()}


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The files as a ZIP; the same files give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[path])
    return target.getvalue()


def write_folder(root: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a skill into `root/name`; the folder.

    What an earlier export wrote and nobody edited is replaced or removed; everything else there is left alone. Raises
    Conflict naming a file that is in the way, StorageFull when there is no room; then nothing was changed.
    """
    folder = root / check_path(name)
    wanted = {check_path(path): data for path, data in files.items()}
    known = _read_manifest(folder)
    for path, data in wanted.items():
        _check_target(folder, path, data, known.get(path))
    try:
        for path, data in wanted.items():
            _replace(folder / path, data)
        for path, digest in known.items():
            target = folder / path
            if path not in wanted and target.is_file() and not target.is_symlink() and _digest(target) == digest:
                target.unlink()
        manifest = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(wanted.items())}
        _replace(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    except OSError as error:
        raise StorageFull(f"{folder} could not be written: {error.strerror}.") from error
    return folder


def _check_target(folder: Path, path: str, data: bytes, known: str | None) -> None:
    target = folder / path
    for parent in [*target.relative_to(folder).parents][:-1]:
        if (folder / parent).is_symlink():
            raise Conflict(f"{folder / parent} is a link; move it away to export there.")
    if folder.is_symlink() or target.is_symlink():
        raise Conflict(f"{target} is a link; move it away to export there.")
    if target.exists() and (not target.is_file() or _digest(target) not in (known, hashlib.sha256(data).hexdigest())):
        raise Conflict(f"{target} was not written by an export, or was edited since; move it away to export there.")


def _replace(target: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:100]}-{new_id()[-12:]}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
