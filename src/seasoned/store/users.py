"""Users of a project: free-text identifiers, made on first use, with what belongs to them."""

from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy import Connection

from seasoned.store import indexing
from seasoned.store.projects import UserRow
from seasoned.store.rows import PageQuery, page_of
from seasoned.store.schema import disks, sessions, skills, space_skills, spaces, users


class Resources(msgspec.Struct, frozen=True):
    """How much belongs to a user. The disks include those that skills are."""

    sessions_count: Annotated[int, Meta(ge=0, description="Sessions.")]
    disks_count: Annotated[int, Meta(ge=0, description="Disks.")]
    skills_count: Annotated[int, Meta(ge=0, description="Skills.")]


def page(connection: Connection, project_id: str, query: PageQuery) -> tuple[list[UserRow], str | None]:
    """A page of the project's users."""
    return page_of(connection, UserRow, users, [users.c.project_id == project_id], query)


def resources(connection: Connection, user_id: str) -> Resources:
    """What belongs to a user, counted."""

    def count(table: sa.Table) -> int:
        statement = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == user_id)
        return int(connection.execute(statement).scalar_one())

    return Resources(sessions_count=count(sessions), disks_count=count(disks), skills_count=count(skills))


def delete(connection: Connection, user_id: str) -> None:
    """Remove a user with sessions, disks, skills and learning spaces, and all that belongs to those."""
    theirs = sa.select(spaces.c.id).where(spaces.c.user_id == user_id)
    indexing.leave(connection, space_skills.c.space_id.in_(theirs))
    indexing.forget(connection, skills.c.user_id == user_id)
    for table in (spaces, sessions, skills, disks):
        connection.execute(sa.delete(table).where(table.c.user_id == user_id))
    connection.execute(sa.delete(users).where(users.c.id == user_id))
