"""Records which server serves a home, so that a second one can warn. The record ends with its process."""

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
    """Record for the length of the block that this process serves a home; the value is another server that already
    does.
    """
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
        # It has just started.
        return Serving(0, "an address to come")
