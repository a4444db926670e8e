"""Links that open one stored file without a key until they expire."""

from seasoned.clock import SECOND
from seasoned.engine.keys import Keyring, Link, expiry
from seasoned.store import Store, skills


class Links:
    """Makes and opens signed links; nothing of them is stored."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    def make(
        self, project_id: str, sha256: str, mime: str, filename: str, seconds: float, *, step_seconds: int = 0
    ) -> tuple[str, int]:
        """A token that opens a file for some seconds, and when it expires (microseconds).

        With a step it lasts at most that much less, and is the same token until the step is over: a conversation that
        is read again is the same text again, which providers' prompt caches need.
        """
        expires_at = expiry(self._store.clock.now(), seconds)
        if step_seconds:
            expires_at -= expires_at % (step_seconds * SECOND)
        return self._keyring.sign(Link(project_id, sha256, mime, filename, expires_at)), expires_at

    async def open(self, token: str) -> tuple[Link, bytes]:
        """What a token gives access to. Raises NotFound when it is not ours or has expired."""
        link = self._keyring.open(token, self._store.clock.now())
        body = await self._store.read(lambda c: skills.content(c, link.sha256))
        return link, body if body is not None else await self._store.blobs.get(link.sha256)
