"""Fault points: named places at critical lines, where a test can crash the process or make the disk fail.

Outside tests no listener is attached, and a point costs one comparison. `seasoned.testing` defines the faults; the
names are:

    commit.before   all of a transaction is written, nothing of it is committed
    commit.after    it is committed, nobody has been told
    answer.received a model has answered (and is paid), the answer is not kept yet
    answer.stored   the answer is kept, it has not been used yet
    blob.written    a blob's bytes are in a temporary file
    blob.renamed    the blob has its name, no row names it yet
    gc.tombstoned   blobs are given up for deletion, none is deleted yet
    gc.deleted      a blob is deleted, no row says so yet
    wake.before     a wake-up is about to be given
    wake.after      it was given
    folder.noted    a folder's manifest says which files of a skill will be written, none is yet
    folder.file     a file of a skill is written to a folder
    folder.taken    the edits of a folder are stored, the folder is not written yet
"""

from collections.abc import Callable

Listener = Callable[[str], None]

POINTS = (
    "commit.before",
    "commit.after",
    "answer.received",
    "answer.stored",
    "blob.written",
    "blob.renamed",
    "gc.tombstoned",
    "gc.deleted",
    "wake.before",
    "wake.after",
    "folder.noted",
    "folder.file",
    "folder.taken",
)

_listener: Listener | None = None


def point(name: str) -> None:
    """Notify the listener, if any."""
    if _listener is not None:
        _listener(name)


def listen(listener: Listener | None) -> Listener | None:
    """Attach `listener` to all points (None detaches it); the previous listener."""
    global _listener
    before, _listener = _listener, listener
    return before
