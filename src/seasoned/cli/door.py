"""The entry point: what must be set up before anything heavy is imported.

Ctrl-C exits at any time with one line and code 130. If output cannot be written, the command ends with a sentence
instead of a traceback; a closed pipe, as with `head`, is not an error.
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
    # Imported modules stay in memory; searching them for garbage would take a tenth of a command's time.
    gc.disable()
    from seasoned.cli.commands import run  # noqa: PLC0415 - what is above must hold while this is imported

    sys.exit(streams.finish(run()))


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Nothing needs an orderly end here: commands that do work handle the signal themselves.
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(INTERRUPTED)
