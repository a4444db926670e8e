"""The way in: what has to hold from the first moment on, before anything heavy is imported.

Ctrl-C ends any moment with one line and 130. Output that cannot be written ends with a sentence instead of a
traceback, and a reader that has gone, as `head` does, is no fault at all.
"""

import gc
import os
import signal
import sys
from types import FrameType

from seasoned import __version__
from seasoned.cli import streams

INTERRUPTED = 130
STOPPED = "seasoned: stopped; rerun the command to resume."


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _stop)
    streams.guard()
    if sys.argv[1:2] == ["--version"]:
        sys.stdout.write(f"seasoned {__version__}\n")
        sys.exit(streams.finish(0))
    # What is imported stays: to look for garbage in it takes a tenth of a command's time.
    gc.disable()
    from seasoned.cli.commands import run  # noqa: PLC0415 - what is above must hold while this is imported

    sys.exit(streams.finish(run()))


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Nothing is under way that has to be ended in order: commands listen for themselves while they work.
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(INTERRUPTED)
