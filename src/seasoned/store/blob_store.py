"""What every store of blobs shares: the interface, and how blobs are named and checked.

A blob is whole once it has its name, and it is stored before the row that references it commits, so no row ever
references a missing blob. The same bytes are stored once. Bytes that are read are checked against their hash.
"""

import hashlib
from typing import Protocol

import msgspec

from seasoned.errors import Damaged, NotFound

NAME_CHARS = 64


class Blob(msgspec.Struct, frozen=True):
    """A blob that is there; its size is in bytes."""

    sha256: str
    size: int


class Blobs(Protocol):
    """Content-addressed bytes. Every method blocks, so it belongs into a thread; every one may raise BlobsAway."""

    def put_now(self, data: bytes) -> str:
        """Store bytes, whole or not at all; their SHA-256 in hex. What was there under that name and is not these bytes
        is replaced. Raises StorageFull when there is no room.
        """
        ...

    def get_now(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, and Damaged when they are not those that were stored."""
        ...


class BlobStore(Blobs, Protocol):
    """A place that keeps blobs."""

    late_seconds: float
    """How long after its caller gave up a deletion may still happen."""
    signs: bool
    """Whether it has addresses of its own to hand out."""

    def delete_now(self, sha256: str) -> None:
        """Delete a blob; one that is not there is deleted."""
        ...

    def listed(self, after: str, limit: int) -> list[Blob]:
        """The blobs whose names come after one, in the order of their names, at most `limit`."""
        ...

    def sign(self, sha256: str, seconds: int) -> str:
        """An address that opens a blob without a key for some seconds; empty when the store has none to hand out."""
        ...

    def claim(self, owner: str) -> list[str]:
        """Note that a database keeps its blobs here; all that do."""
        ...

    def tidy(self) -> None:
        """Delete what processes that died while they stored a blob have left."""
        ...


def path_of(sha256: str) -> str:
    """Where a blob is below the root: `ab/abcd…`, so that no folder has too many."""
    return f"{sha256[:2]}/{sha256}"


def is_name(name: str) -> bool:
    """Whether a name is a blob's; temporary files and what others left there are not."""
    return len(name) == NAME_CHARS and all(c in "0123456789abcdef" for c in name)


def missing(sha256: str) -> NotFound:
    """What to raise when a blob is not there."""
    return NotFound(f"The stored file {sha256[:12]} is missing; restore it from a backup.")


def checked(data: bytes, sha256: str) -> bytes:
    """The bytes when they have the hash that is their name. Raises Damaged."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Damaged(
            f"The stored file {sha256[:12]} is damaged: its bytes do not match its hash; restore it from a backup."
        )
    return data
