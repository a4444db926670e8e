"""Blobs on S3, Google Cloud Storage and Azure, through obstore.

Region, endpoint and keys come from the environment variables that each provider's own tools read (`AWS_*`, `GOOGLE_*`,
`AZURE_*`). Only obstore's blocking calls are used: its asynchronous ones can end the process badly at exit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from seasoned import faults
from seasoned.errors import BlobsAway, Invalid, NotFound, how_to_install
from seasoned.store.blob_store import Blob, checked, is_name, missing, path_of

try:
    import obstore
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
    from obstore.store import AzureStore, GCSStore, S3Store, from_url
except ImportError:
    raise Invalid(f"Blobs on an object store need obstore; {how_to_install('s3')}.") from None

if TYPE_CHECKING:
    from obstore.store import ClientConfig

T = TypeVar("T")

CONNECT_SECONDS: Final = 5
REQUEST_SECONDS: Final = 30
RETRIES: Final = 3
RETRY_SECONDS: Final = 10
PART_BYTES: Final = 8 * 1024 * 1024
PARTS_AT_ONCE: Final = 4
# What S3 allows at most.
SIGNED_SECONDS_MAX: Final = 7 * 24 * 3_600
# Untrusted bytes are downloaded, never displayed; only the row that references them knows their type.
ATTRIBUTES: Final = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
OWNERS: Final = "owners"
_NO_BUCKET: Final = "NoSuchBucket"
_ALLOW_HTTP: Final = ("AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP", "AZURE_ALLOW_HTTP")


class ObjectBlobs:
    """Content-addressed objects under the prefix of an address."""

    # A timed-out request, or one that a process sent just before it died, may still arrive.
    late_seconds = 2.0 * (REQUEST_SECONDS + RETRY_SECONDS)
    signs = True

    def __init__(self, address: str, environ: Mapping[str, str] | None = None) -> None:
        options: ClientConfig = {
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=REQUEST_SECONDS),
        }
        if _allows_http(os.environ if environ is None else environ):
            options["allow_http"] = True
        try:
            store = from_url(
                address,
                client_options=options,
                retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            )
        except (BaseError, ValueError) as error:
            raise Invalid(f"SEASONED_BLOBS cannot be used: {_first_line(error)}") from None
        if not isinstance(store, (S3Store, GCSStore, AzureStore)):
            raise Invalid(f"SEASONED_BLOBS is not an object store URL: {address.split('?', 1)[0][:80]!r}.")
        self._store = store

    def put_now(self, data: bytes) -> str:
        """Store bytes, in several parts when they are many; their SHA-256 in hex."""
        sha256 = hashlib.sha256(data).hexdigest()
        # Always written: checking an existing object would mean reading all of it, as not every store keeps a checksum,
        # and writing the same bytes again is harmless.
        faults.point("blob.written")
        self._call(
            lambda: obstore.put(
                self._store,
                path_of(sha256),
                data,
                attributes=ATTRIBUTES,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        )
        faults.point("blob.renamed")
        return sha256

    def get_now(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, Damaged."""
        return checked(self._call(lambda: bytes(obstore.get(self._store, path_of(sha256)).bytes()), sha256), sha256)

    def delete_now(self, sha256: str) -> None:
        """Delete a blob; idempotent."""
        try:
            self._call(lambda: obstore.delete(self._store, path_of(sha256)), sha256)
        except NotFound:
            return

    def listed(self, after: str, limit: int) -> list[Blob]:
        """The blobs after a name, in order of their names, at most `limit`."""

        def look() -> list[Blob]:
            found: list[Blob] = []
            offset = path_of(after) if after else None
            for batch in obstore.list(self._store, offset=offset, chunk_size=limit):
                named = ((one["path"].rsplit("/", 1)[-1], one["size"]) for one in batch)
                found += [Blob(name, size) for name, size in named if is_name(name) and name > after]
                if len(found) >= limit:
                    break
            return found[:limit]

        return self._call(look)

    def sign(self, sha256: str, seconds: int) -> str:
        """A signed URL of the store for some seconds, a week at most."""
        expires = timedelta(seconds=min(max(seconds, 1), SIGNED_SECONDS_MAX))
        return self._call(lambda: obstore.sign(self._store, "GET", path_of(sha256), expires))

    def claim(self, owner: str) -> list[str]:
        """Write a database's owner file; the ids of all owners."""

        def look() -> list[str]:
            obstore.put(self._store, f"{OWNERS}/{owner}", b"")
            return sorted(one["path"].rsplit("/", 1)[-1] for some in obstore.list(self._store, OWNERS) for one in some)

        return self._call(look)

    def tidy(self) -> None:
        """Nothing to do: unfinished uploads are not objects, and the bucket's lifecycle rules abort them."""

    def _call(self, work: Callable[[], T], sha256: str = "") -> T:
        try:
            return work()
        except FileNotFoundError as error:
            if sha256 and _NO_BUCKET not in str(error):
                raise missing(sha256) from error
            raise _no_bucket() from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise BlobsAway("The object store refuses the server's credentials; check them.") from error
        except (BaseError, OSError) as error:
            if _NO_BUCKET in str(error):
                raise _no_bucket() from error
            raise BlobsAway("The object store is unreachable; try again.") from error


def _no_bucket() -> BlobsAway:
    return BlobsAway("The bucket in SEASONED_BLOBS does not exist; create it, or use another.")


def _allows_http(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name, "").lower() in ("1", "true", "yes", "on") for name in _ALLOW_HTTP)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
