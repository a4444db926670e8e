"""Which server serves a home, so that another one can say so. The note ends with the process that made it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

FILE = "serving"
NOTE_BYTES_MAX = 4_096


class Serving(msgspec.Struct, frozen=True):
    """A server process and where it listens."""

    pid: int
    url: str


@contextlib.contextmanager
def announced(home: Path, url: str) -> Iterator[Serving | None]:
    """Say until the block ends that this process serves a home; the value is who says so already, if anybody does."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none, and says nothing then
    except ImportError:
        yield None
        return
    descriptor = os.open(home / FILE, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield _read(descriptor)
            return
        os.ftruncate(descriptor, 0)
        os.write(descriptor, msgspec.json.encode(Serving(os.getpid(), url)))
        yield None
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Serving:
    try:
        return msgspec.json.decode(os.read(descriptor, NOTE_BYTES_MAX), type=Serving)
    except msgspec.DecodeError:
        # It has only just begun.
        return Serving(0, "an address to come")
