"""Transcripts inside of other files: compressed ones, archives and other programs' databases."""

import gzip
import sqlite3
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast
from urllib.parse import quote

from seasoned.errors import BadTranscript, how_to_install

ZSTD: Final = b"\x28\xb5\x2f\xfd"
GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
SQLITE: Final = b"SQLite format 3\x00"
# The file of an account's export that has its conversations.
CONVERSATIONS: Final = "conversations.json"
MEMBERS_MAX: Final = 100_000
ROW_BYTES_MAX: Final = 64 * 1024 * 1024
_HEAD_BYTES: Final = 16

# What zlib, gzip, zipfile and sqlite3 raise for damaged files.
Damages: Final = (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, ValueError)


def kind_of(path: Path) -> bytes:
    """How a file is packed, as one of the marks above; empty when it is not."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return next((mark for mark in (ZSTD, GZIP, ZIP, SQLITE) if head.startswith(mark)), b"")


@contextmanager
def opened(path: Path, kind: bytes) -> Iterator[BinaryIO]:
    """The text inside of a compressed file, or of an export's archive. Raises BadTranscript if a library lacks."""
    if kind == GZIP:
        with gzip.open(path, "rb") as unzipped:
            yield cast(BinaryIO, unzipped)
    elif kind == ZSTD:
        with _zstd(path) as unpacked:
            yield unpacked
    else:
        with zipfile.ZipFile(path) as archive, archive.open(CONVERSATIONS) as member:
            yield cast(BinaryIO, member)


@contextmanager
def _zstd(path: Path) -> Iterator[BinaryIO]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415 - in the standard library from there on
        else:
            from backports import zstd  # noqa: PLC0415 - an extra
    except ImportError:
        raise BadTranscript(
            f"{path} is compressed with Zstandard, which needs a library; {how_to_install('zstd')}."
        ) from None
    try:
        with zstd.open(path, "rb") as file:
            yield cast(BinaryIO, file)
    except zstd.ZstdError as error:
        raise BadTranscript(f"{path} cannot be unpacked ({error}); check the file.") from None


def members(path: Path) -> list[str]:
    """The names in an archive."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()[:MEMBERS_MAX]


def member(path: Path, name: str) -> bytes:
    """One file of an archive. Raises BadTranscript when it is too large."""
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(name).file_size > ROW_BYTES_MAX:
            raise BadTranscript(f"{path}: {name[:80]} is over {ROW_BYTES_MAX >> 20} MiB; split it.")
        return archive.read(name)


def tables(path: Path) -> list[str]:
    """The names of a database's tables."""
    return [str(name) for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000")]


def rows(path: Path, statement: str, values: Sequence[str] = ()) -> Iterator[tuple[object, ...]]:
    """The rows of a statement on another program's database, which is opened for reading only.

    Raises BadTranscript for a database that is damaged or lacks what the statement asks for.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
            yield from connection.execute(statement, values)
    except sqlite3.Error as error:
        raise BadTranscript(f"{path} is a database that cannot be read ({error}); close its program.") from None
