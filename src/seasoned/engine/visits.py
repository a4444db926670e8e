"""Visits: who is signed in to the pages, with which project's key. Nothing of a visit is stored but a signed token in
the visitor's browser, which holds no key and ends when the key is rotated.
"""

import hashlib
import secrets
from typing import Final

import msgspec

from seasoned.engine.keys import Keyring, expiry
from seasoned.errors import Conflict, Unauthorized
from seasoned.store import Connection, Store, projects

VISIT_SECONDS: Final = 30 * 86_400.0
INVITATION_SECONDS: Final = 60.0
INVITATIONS_MAX: Final = 10_000
_VISIT, _INVITATION, _FORM = "visit", "invitation", "form"


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """A browser's visit to a project, until when (microseconds); `key_mark` is that of the project's key."""

    project_id: str
    key_mark: str
    expires_at: int
    id: str


class Visits:
    """Use cases of signing in."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring
        # The invitations that were used, until they would have expired anyway.
        self._used: dict[str, int] = {}

    @property
    def cookie(self) -> str:
        """The name of the cookie: two homes on one machine share a browser's cookies."""
        return f"seasoned-{hashlib.sha256(self._keyring.seal('cookie', b'').encode()).hexdigest()[:8]}"

    async def begin(self, project_id: str) -> str:
        """The token of a new visit to a project. Raises Unauthorized without the project."""
        return await self._token(project_id, _VISIT, VISIT_SECONDS)

    async def invite(self, project_id: str) -> str:
        """A token that begins one visit, within a minute. Raises Unauthorized without the project."""
        return await self._token(project_id, _INVITATION, INVITATION_SECONDS)

    async def accept(self, invitation: str) -> str:
        """The token of the visit that an invitation begins. Raises Unauthorized; also the second time."""
        visit, now = await self._opened(invitation, _INVITATION), self._store.clock.now()
        self._used = {key: until for key, until in self._used.items() if until >= now}
        if visit.id in self._used:
            raise Unauthorized("This address signs in only once; run `seasoned ui` again.")
        if len(self._used) >= INVITATIONS_MAX:
            raise Conflict("Too many invitations were used within a minute; try again in a minute.")
        self._used[visit.id] = visit.expires_at
        return await self.begin(visit.project_id)

    async def find(self, token: str) -> tuple[Visit, str]:
        """The visit of a token, and its project's name. Raises Unauthorized."""
        visit = await self._opened(token, _VISIT)
        row = await self._store.read(lambda c: projects.by_id(c, visit.project_id))
        return visit, row.name if row else ""

    def proof(self, visit: Visit) -> str:
        """What a visit's forms contain, so that no other site can send them."""
        return self._keyring.seal(_FORM, visit.id.encode())

    async def _token(self, project_id: str, purpose: str, seconds: float) -> str:
        mark = await self._store.read(lambda c: self._key_mark(c, project_id))
        visit = Visit(project_id, mark, expiry(self._store.clock.now(), seconds), secrets.token_urlsafe(16))
        return self._keyring.seal(purpose, msgspec.json.encode(visit))

    async def _opened(self, token: str, purpose: str) -> Visit:
        payload = self._keyring.unseal(purpose, token)
        try:
            visit = None if payload is None else msgspec.json.decode(payload, type=Visit)
        except msgspec.DecodeError:
            visit = None
        if visit is None or visit.expires_at < self._store.clock.now():
            raise Unauthorized("You are not signed in any more; sign in again.")
        if await self._store.read(lambda c: self._key_mark(c, visit.project_id)) != visit.key_mark:
            raise Unauthorized("The project's key was changed; sign in with the new one.")
        return visit

    def _key_mark(self, connection: Connection, project_id: str) -> str:
        project = projects.by_id(connection, project_id)
        if project is None:
            raise Unauthorized("The project no longer exists.")
        return self._keyring.mark_of(project.key_hmac)
