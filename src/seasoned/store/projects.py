"""Projects (tenants) and their users."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Conflict, Invalid, NotFound
from seasoned.ids import new_id
from seasoned.message import JsonObject
from seasoned.store.rows import after_newest, columns, dump_bounded, load_object, patched, to_rows
from seasoned.store.schema import projects, users

# What an index of PostgreSQL takes beside the project's id, with room to spare.
IDENTIFIER_BYTES_MAX = 2_000


class ProjectRow(msgspec.Struct, frozen=True):
    """A project; its key is kept as a keyed hash only."""

    id: str
    name: str
    key_hmac: str
    configs: str | None
    created_at: int
    updated_at: int


class UserRow(msgspec.Struct, frozen=True):
    """A user of a project, named by a free text such as an e-mail address."""

    id: str
    project_id: str
    identifier: str
    created_at: int
    updated_at: int


def create(connection: Connection, name: str, key_hmac: str, now: int) -> ProjectRow:
    """A new project. Raises Conflict when the name is taken."""
    if by_name(connection, name) is not None:
        raise Conflict(f"The project {name!r} already exists; choose another name.")
    row = ProjectRow(new_id(), name, key_hmac, None, now, now)
    connection.execute(sa.insert(projects).values(msgspec.structs.asdict(row)))
    return row


def every(connection: Connection) -> list[ProjectRow]:
    """All projects, oldest first."""
    statement = sa.select(*columns(ProjectRow, projects)).order_by(projects.c.created_at, projects.c.id)
    return to_rows(ProjectRow, connection.execute(statement).all())


def by_name(connection: Connection, name: str) -> ProjectRow | None:
    """The project of a name."""
    return _one(connection, projects.c.name == name)


def by_id(connection: Connection, project_id: str) -> ProjectRow | None:
    """The project of an id."""
    return _one(connection, projects.c.id == project_id)


def by_key(connection: Connection, key_hmac: str) -> ProjectRow | None:
    """The project that a key belongs to."""
    return _one(connection, projects.c.key_hmac == key_hmac)


def _one(connection: Connection, where: sa.ColumnElement[bool]) -> ProjectRow | None:
    found = connection.execute(sa.select(*columns(ProjectRow, projects)).where(where)).all()
    return to_rows(ProjectRow, found)[0] if found else None


def set_key(connection: Connection, project_id: str, key_hmac: str, now: int) -> None:
    """Give a project another key; the old one stops working. Raises NotFound."""
    changed = connection.execute(
        sa.update(projects).where(projects.c.id == project_id).values(key_hmac=key_hmac, updated_at=now)
    )
    if changed.rowcount != 1:
        raise NotFound("Unknown project; run `seasoned projects list` to see them.")


def merge_configs(connection: Connection, project_id: str, changes: JsonObject, now: int) -> JsonObject:
    """Merge keys into a project's configs; null deletes a key. The complete configs. Raises Invalid."""
    row = by_id(connection, project_id)
    known = load_object(row.configs) if row else {}
    merged = patched(known, changes)
    where = projects.c.id == project_id
    connection.execute(
        sa.update(projects).where(where).values(configs=dump_bounded(merged, "The project's configs"), updated_at=now)
    )
    return merged


def ensure_user(connection: Connection, project_id: str, identifier: str | None, now: int) -> str | None:
    """The id of a project's user, made on first use; None for no user. Raises Invalid for an over-long identifier."""
    if not identifier:
        return None
    if len(identifier.encode()) > IDENTIFIER_BYTES_MAX:
        raise Invalid(f"A user's identifier has at most {IDENTIFIER_BYTES_MAX} bytes in UTF-8; use a shorter one.")
    found = find_user(connection, project_id, identifier)
    if found is not None:
        return found.id
    now = after_newest(connection, users.c.project_id, project_id, now)
    row = UserRow(new_id(), project_id, identifier, now, now)
    connection.execute(sa.insert(users).values(msgspec.structs.asdict(row)))
    return row.id


def find_user(connection: Connection, project_id: str, identifier: str) -> UserRow | None:
    """The user of that identifier, if it was ever used."""
    where = (users.c.project_id == project_id) & (users.c.identifier == identifier)
    found = connection.execute(sa.select(*columns(UserRow, users)).where(where)).all()
    return to_rows(UserRow, found)[0] if found else None


def identifier(connection: Connection, user_id: str | None) -> str:
    """What a user is called; empty for no user."""
    if user_id is None:
        return ""
    found = connection.execute(sa.select(users.c.identifier).where(users.c.id == user_id)).first()
    return "" if found is None else str(found[0])


def oldest(connection: Connection) -> str | None:
    """The id of the first project, which tells one database from another and stays with its copies."""
    statement = sa.select(projects.c.id).order_by(projects.c.created_at, projects.c.id).limit(1)
    return connection.execute(statement).scalar()
