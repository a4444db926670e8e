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
    """A stored blob; its size is in bytes."""

    sha256: str
    size: int


class Blobs(Protocol):
    """Content-addressed bytes. Every method blocks, so call it in a thread; every one may raise BlobsAway."""

    def put_now(self, data: bytes) -> str:
        """Store bytes atomically; their SHA-256 in hex. A damaged blob of that name is replaced. Raises StorageFull."""
        ...

    def get_now(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, and Damaged if they do not match it."""
        ...


class BlobStore(Blobs, Protocol):
    """A blob store."""

    late_seconds: float
    """How long after a timeout a delete request may still take effect."""
    signs: bool
    """Whether it has signed URLs of its own."""

    def delete_now(self, sha256: str) -> None:
        """Delete a blob; idempotent."""
        ...

    def listed(self, after: str, limit: int) -> list[Blob]:
        """The blobs after a name, in order of their names, at most `limit`."""
        ...

    def sign(self, sha256: str, seconds: int) -> str:
        """A signed URL that opens a blob for some seconds; empty if the store has none."""
        ...

    def claim(self, owner: str) -> list[str]:
        """Write a database's owner file; the ids of all owners."""
        ...

    def tidy(self) -> None:
        """Delete partial files of processes that died while storing a blob."""
        ...


def path_of(sha256: str) -> str:
    """A blob's path below the root: `ab/abcd…`, so that no folder gets too large."""
    return f"{sha256[:2]}/{sha256}"


def is_name(name: str) -> bool:
    """Whether a name is a blob's, rather than a temporary or foreign file's."""
    return len(name) == NAME_CHARS and all(c in "0123456789abcdef" for c in name)


def missing(sha256: str) -> NotFound:
    """The error for a missing blob."""
    return NotFound(f"The stored file {sha256[:12]} is missing; restore it from a backup.")


def checked(data: bytes, sha256: str) -> bytes:
    """The bytes, after checking their hash. Raises Damaged."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Damaged(
            f"The stored file {sha256[:12]} is damaged: its bytes do not match its hash; restore it from a backup."
        )
    return data
