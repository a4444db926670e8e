"""Projects and their API keys."""

import base64
import binascii
import time

from seasoned.config import Config
from seasoned.engine.keys import HASHING_FILE, KEY_FILE, KEY_PREFIX, Keyring, keep_secret, new_key, replace_secret
from seasoned.errors import Conflict, Invalid, NotFound, Unauthorized
from seasoned.message import JsonObject
from seasoned.store import Connection, Store, projects
from seasoned.store.health import HealthCheck
from seasoned.store.projects import ProjectRow
from seasoned.store.rows import load_object

DEFAULT_PROJECT = "default"
# How long a verified key is cached; a rotated key stops working within this time.
KEY_TRUST_SECONDS = 5.0
KEYS_CACHED_MAX = 1_024

NO_KEY = "Missing or unknown API key; send the header `Authorization: Bearer sk-ac-...` with a project's key."


class Projects:
    """Use cases of projects."""

    def __init__(self, store: Store, config: Config, keyring: Keyring) -> None:
        self._store = store
        self._config = config
        self._keyring = keyring
        self._seen: dict[str, tuple[str, float]] = {}

    async def default(self) -> ProjectRow:
        """The default project. If missing, it is created like in `ensure_default`; otherwise its key is not changed, as
        a server may be using it. Raises Invalid for a key that does not have the form `sk-ac-...`.
        """
        if self._config.api_key:
            _check_key(self._config.api_key)
        row = await self._store.read(lambda connection: projects.by_name(connection, DEFAULT_PROJECT))
        return row or (await self.ensure_default())[0]

    async def ensure_default(self) -> tuple[ProjectRow, str, bool]:
        """The default project with this home's key, that key, and whether it is new.

        The key is that of `SEASONED_API_KEY`, else the one in the home's key file. It replaces the project's previous
        key, so only servers call this. Raises Invalid for a key that does not have the form `sk-ac-...`, and Conflict
        if the secret of existing keys is lost.
        """
        await self._check_secret()
        path = self._config.home_path / KEY_FILE
        made = not self._config.api_key and not path.exists()
        key = _check_key(self._config.api_key or keep_secret(path, new_key()))
        hashed, now = self._keyring.hash_key(key), self._store.clock.now()

        def commit(connection: Connection) -> ProjectRow:
            row = projects.by_name(connection, DEFAULT_PROJECT)
            if row is None:
                return projects.create(connection, DEFAULT_PROJECT, hashed, now)
            if row.key_hmac != hashed:
                projects.set_key(connection, row.id, hashed, now)
            return row

        return await self._store.write(commit), key, made

    async def authenticate(self, authorization: str) -> str:
        """The project of an `Authorization` header. Raises Unauthorized."""
        scheme, _, key = authorization.partition(" ")
        if scheme == "Basic":
            # Git sends the key as a password.
            scheme, key = "Bearer", _password(key)
        if scheme != "Bearer" or not _is_key(key):
            raise Unauthorized(NO_KEY)
        known = self._seen.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        hashed = self._keyring.hash_key(key)
        row = await self._store.read(lambda connection: projects.by_key(connection, hashed))
        if row is None:
            raise Unauthorized(NO_KEY)
        if len(self._seen) >= KEYS_CACHED_MAX:
            self._seen.clear()
        self._seen[key] = (row.id, time.monotonic() + KEY_TRUST_SECONDS)
        return row.id

    async def create(self, name: str) -> tuple[ProjectRow, str]:
        """A new project and its key, which is not stored.

        Raises Conflict if the name is taken, or the secret of existing keys is lost.
        """
        if not name.strip():
            raise Invalid("A project needs a name.")
        await self._check_secret()
        key, now = new_key(), self._store.clock.now()
        row = await self._store.write(
            lambda connection: projects.create(connection, name.strip(), self._keyring.hash_key(key), now)
        )
        return row, key

    async def id_of(self, name: str) -> str:
        """The id of the project with a name or id; empty for the default project if it does not exist yet.

        Raises NotFound, and Invalid as `default` does.
        """
        if self._config.api_key:
            _check_key(self._config.api_key)
        row = await self._store.read(lambda c: projects.by_name(c, name) or projects.by_id(c, name))
        if row is None and name != DEFAULT_PROJECT:
            raise NotFound(f"There is no project {name!r}; run `seasoned projects list` to see them.")
        return row.id if row else ""

    async def check_keys(self) -> HealthCheck:
        """Whether the projects' keys can be verified, for `doctor`."""
        rows = await self.every()
        lost = self._keyring.is_lost and bool(rows)
        return HealthCheck(name="keys", ok=not lost, detail=self._lost() if lost else f"{len(rows)} projects have one")

    async def _check_secret(self) -> None:
        """Raises Conflict if the secret of existing keys is lost."""
        if self._keyring.is_lost and await self.every():
            raise Conflict(self._lost())

    def _lost(self) -> str:
        return (
            f"The file {self._config.home_path / HASHING_FILE} is missing, without which no API key of this database "
            "is valid: restore it from a backup or set SEASONED_SECRET; if it is lost for good, "
            "`seasoned projects rotate-key NAME` makes another and gives that project a new key."
        )

    async def every(self) -> list[ProjectRow]:
        """All projects, oldest first."""
        return await self._store.read(projects.every)

    async def configs(self, project_id: str) -> JsonObject:
        """A project's configs: the keys that were stored."""
        row = await self._store.read(lambda c: projects.by_id(c, project_id))
        return load_object(row.configs) if row else {}

    async def patch_configs(self, project_id: str, changes: JsonObject) -> JsonObject:
        """Merge keys into a project's configs; null deletes a key. The complete configs."""
        now = self._store.clock.now()
        return await self._store.write(lambda c: projects.merge_configs(c, project_id, changes, now))

    async def rotate_key(self, name: str) -> tuple[ProjectRow, str]:
        """Give a project a new key; the old one stops working within seconds. Raises Invalid for an unknown name."""
        key, now = new_key(), self._store.clock.now()

        def commit(connection: Connection) -> ProjectRow:
            row = projects.by_name(connection, name) or projects.by_id(connection, name)
            if row is None:
                raise Invalid(f"There is no project {name!r}; run `seasoned projects list` to see them.")
            projects.set_key(connection, row.id, self._keyring.hash_key(key), now)
            return row

        if name == DEFAULT_PROJECT and self._config.api_key:
            raise Invalid("SEASONED_API_KEY sets the default project's key; change it there.")
        row = await self._store.write(commit)
        if row.name == DEFAULT_PROJECT:
            replace_secret(self._config.home_path / KEY_FILE, key)
        return row, key


def _password(credentials: str) -> str:
    """The password of Basic credentials; empty if they cannot be read."""
    try:
        return base64.b64decode(credentials, validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _is_key(key: str) -> bool:
    return key.startswith(KEY_PREFIX) and key != KEY_PREFIX


def _check_key(key: str) -> str:
    if not _is_key(key):
        raise Invalid(
            f"The API key must begin with {KEY_PREFIX!r}, followed by the key itself; change SEASONED_API_KEY."
        )
    return key
