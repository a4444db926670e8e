"""Links that open one stored file without a key until they expire."""

from seasoned.clock import SECOND
from seasoned.engine.keys import Keyring, Link, expiry
from seasoned.errors import BlobsAway
from seasoned.store import Store, contents

# The longest that S3 signs for.
SIGNED_SECONDS_MAX = 7 * 24 * 3_600
SIGNED_KEPT_MAX = 10_000


class Links:
    """Makes and opens signed links; nothing of them is stored."""

    def __init__(self, store: Store, keyring: Keyring, *, by_store: bool = True) -> None:
        self._store = store
        self._keyring = keyring
        # Whether the object store's own addresses are handed out, where it has any.
        self._by_store = by_store and store.blobs.place.signs
        # What was signed for a step that is not over: (hash, expiry) to address.
        self._signed: dict[tuple[str, int], str] = {}

    async def of_store(self, sha256: str, seconds: float, *, step_seconds: int = 0) -> tuple[str, int] | None:
        """The object store's own address of a file, and when it expires (microseconds); see `make` for steps.

        None when a link of ours has to do: the store signs nothing, or the file is small and in the database.
        """
        if not self._by_store or await self._store.read(lambda c: contents.has(c, sha256)):
            return None
        expires_at = self._expiry(min(seconds, SIGNED_SECONDS_MAX), step_seconds)
        url = self._signed.get((sha256, expires_at)) if step_seconds else None
        if url is None:
            left = (expires_at - self._store.clock.now()) // SECOND
            try:
                url = await self._store.blobs.run(lambda: self._store.blobs.place.sign(sha256, left))
            except BlobsAway:
                return None  # it has no keys to sign with
            if step_seconds:
                if len(self._signed) >= SIGNED_KEPT_MAX:
                    self._signed.clear()
                self._signed[sha256, expires_at] = url
        return url, expires_at

    def make(
        self, project_id: str, sha256: str, mime: str, filename: str, seconds: float, *, step_seconds: int = 0
    ) -> tuple[str, int]:
        """A token that opens a file for some seconds, and when it expires (microseconds).

        With a step it lasts at most that much less, and is the same token until the step is over: a conversation that
        is read again is the same text again, which providers' prompt caches need.
        """
        expires_at = self._expiry(seconds, step_seconds)
        return self._keyring.sign(Link(project_id, sha256, mime, filename, expires_at)), expires_at

    def check(self, token: str) -> None:
        """Raises NotFound when a token is not ours or has expired."""
        self._keyring.open(token, self._store.clock.now())

    async def open(self, token: str) -> tuple[Link, bytes]:
        """What a token gives access to. Raises NotFound when it is not ours or has expired."""
        link = self._keyring.open(token, self._store.clock.now())
        body = await self._store.read(lambda c: contents.body(c, link.sha256))
        return link, body if body is not None else await self._store.blobs.get(link.sha256)

    def _expiry(self, seconds: float, step_seconds: int) -> int:
        expires_at = expiry(self._store.clock.now(), seconds)
        return expires_at - expires_at % (step_seconds * SECOND) if step_seconds else expires_at
