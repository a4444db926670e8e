"""Users of a project: listing them, counting their resources, deleting them with everything."""

from seasoned.errors import NotFound
from seasoned.store import Connection, Store, projects, users
from seasoned.store.projects import UserRow
from seasoned.store.rows import PageQuery
from seasoned.store.users import Resources


class Users:
    """Use cases of users."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, project_id: str, query: PageQuery) -> tuple[list[UserRow], str | None]:
        """A page of users and the cursor of the next one."""
        return await self._store.read(lambda c: users.page(c, project_id, query))

    async def resources(self, project_id: str, identifier: str) -> Resources:
        """How much belongs to a user. Raises NotFound."""

        def load(connection: Connection) -> Resources:
            row = projects.find_user(connection, project_id, identifier)
            if row is None:
                raise NotFound(f"There is no user {identifier[:80]!r} in this project.")
            return users.resources(connection, row.id)

        return await self._store.read(load)

    async def delete(self, project_id: str, identifier: str) -> None:
        """Remove a user with sessions, disks, skills and learning spaces; nothing happens when there is none."""

        def commit(connection: Connection) -> None:
            row = projects.find_user(connection, project_id, identifier)
            if row is not None:
                users.delete(connection, row.id)

        await self._store.write(commit)
        self._store.index.soon()
