"""Guarded standard output and error: writing never raises; the exit code reports failures."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

FAILED: Final = 1


class _Descriptor(io.FileIO):
    """A file that never fails: the first error is remembered, and later output is discarded."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        if self.failure is None:
            try:
                return super().write(data)
            except BlockingIOError:
                raise
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


_guarded: list[_Descriptor] = []


def guard() -> None:
    """Replace standard output and standard error by guarded streams."""
    _guarded.clear()
    sys.stdout = _guard(sys.stdout)
    sys.stderr = _guard(sys.stderr)


def _guard(stream: TextIO | None) -> TextIO:
    if stream is None:
        # The descriptor was closed at the start; later it may belong to a database file.
        raw = _Descriptor(os.devnull, "wb")
        raw.failure = OSError(errno.EBADF, os.strerror(errno.EBADF))
        encoding = "utf-8"
    else:
        stream.flush()
        raw = _Descriptor(stream.fileno(), "wb", closefd=False)
        encoding = stream.encoding
    _guarded.append(raw)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=raw.isatty())


def finish(code: int) -> int:
    """Flush; the command's exit code, or 1 if output was lost. A closed pipe does not count."""
    sys.stdout.flush()
    failure = _guarded[0].failure
    if failure is not None and not isinstance(failure, BrokenPipeError):
        sys.stderr.write(f"seasoned: the output cannot be written ({failure.strerror}); send it somewhere else.\n")
        code = code or FAILED
    sys.stderr.flush()
    return code
