"""Links that open one stored file without a key until they expire.

A server link becomes invalid when its session or disk is deleted, the file is replaced, or the project's key is
rotated. An object store's own link cannot be revoked, so it expires soon.
"""

from seasoned.clock import SECOND
from seasoned.engine.keys import Keyring, Link, Shown, expiry
from seasoned.errors import BlobsAway, NotFound
from seasoned.store import Connection, Store, disks, inline_blobs, projects
from seasoned.store.gc import marks

# An object store's own link cannot be revoked.
BY_STORE_SECONDS_MAX = 3_600
BY_STORE_STEP_SECONDS = 900
SIGNED_KEPT_MAX = 10_000


class Links:
    """Makes and opens signed links; nothing of them is stored."""

    def __init__(self, store: Store, keyring: Keyring, *, by_store: bool = True) -> None:
        self._store = store
        self._keyring = keyring
        # Whether to use the object store's own signed URLs, if it has any.
        self._by_store = by_store and store.blobs.place.signs
        # URLs signed for the current time step: (hash, expiry) to URL.
        self._signed: dict[tuple[str, int], str] = {}

    async def of_store(self, sha256: str, seconds: float, *, step_seconds: int = 0) -> tuple[str, int] | None:
        """The object store's own URL of a file, and when it expires (microseconds); see `make` for steps.

        With a step it may expire sooner than requested, and the response says when. None if the server must serve it:
        the store cannot sign, the file is in the database, or it is requested for long.
        """
        if not self._by_store or (seconds > BY_STORE_SECONDS_MAX and not step_seconds):
            return None
        if await self._store.read(lambda c: inline_blobs.has(c, sha256)):
            return None
        seconds, step_seconds = min(seconds, BY_STORE_SECONDS_MAX), min(step_seconds, BY_STORE_STEP_SECONDS)
        expires_at = self._expiry(seconds, step_seconds)
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

    async def make(self, shown: Shown, seconds: float, *, step_seconds: int = 0) -> tuple[str, int]:
        """A token that opens a file for some seconds, and when it expires (microseconds).

        With a step it lasts up to that much less, and the token stays the same during the step: a conversation read
        again has the same text, which providers' prompt caches need. Raises NotFound without the project.
        """
        expires_at = self._expiry(seconds, step_seconds)
        key_mark = await self._store.read(lambda c: self._key_mark(c, shown.project_id))
        return self._keyring.sign(Link(shown, expires_at, key_mark)), expires_at

    async def size(self, token: str) -> int | None:
        """The size of a token's file, None if unknown until it is read; raises NotFound like `open`."""
        link = self._keyring.open(token, self._store.clock.now())
        return await self._store.read(lambda c: self._size(c, link))

    async def open(self, token: str) -> tuple[Shown, bytes]:
        """A token's file and bytes. Raises NotFound if it is invalid or expired, or the file is gone."""
        link = self._keyring.open(token, self._store.clock.now())
        shown = link.shown

        def load(connection: Connection) -> bytes | None:
            self._size(connection, link)
            return inline_blobs.body(connection, shown.sha256)

        body = await self._store.read(load)
        return shown, body if body is not None else await self._store.blobs.get(shown.sha256)

    def _size(self, connection: Connection, link: Link) -> int | None:
        """Like `size`; raises NotFound if a link's file is gone."""
        if self._key_mark(connection, link.shown.project_id) == link.key_mark:
            is_there, size = _looked_up(connection, link.shown)
            if is_there:
                return size
        raise NotFound("The link is no longer valid, because its file is gone; request a new one.")

    def _key_mark(self, connection: Connection, project_id: str) -> str:
        project = projects.by_id(connection, project_id)
        if project is None:
            raise NotFound("The project no longer exists.")
        return self._keyring.mark_of(project.key_hmac)

    def _expiry(self, seconds: float, step_seconds: int) -> int:
        expires_at = expiry(self._store.clock.now(), seconds)
        return expires_at - expires_at % (step_seconds * SECOND) if step_seconds else expires_at


def _looked_up(connection: Connection, shown: Shown) -> tuple[bool, int | None]:
    """Whether the file is still where it was when the link was made, and its size if the rows have it."""
    if shown.session_id:
        return marks.names_file(connection, shown.project_id, shown.session_id, shown.sha256), None
    folder, _, filename = shown.path.rpartition("/")
    try:
        disk = disks.get(connection, shown.project_id, shown.disk_id)
        row = disks.artifact(connection, disk, folder + "/", filename)
    except NotFound:
        return False, None
    return row.sha256 == shown.sha256, row.size
