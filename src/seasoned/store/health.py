"""Health checks of a home: file permissions, the database's integrity, and work that waits or is parked."""

import stat
from pathlib import Path

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import DatabaseDamaged
from seasoned.store import damage
from seasoned.store.rows import on_postgres
from seasoned.store.schema import lessons, sessions, skills, space_sessions, spaces, tasks, unindexed
from seasoned.store.tasks import is_due

PRIVATE = 0o077
REASONS_MAX = 1_000
FAULTS_MAX = 3


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check."""

    name: str
    ok: bool
    detail: str


def examine(connection: Connection, home: Path) -> list[HealthCheck]:
    """Every check, the most basic first; a damaged database is not asked about its work."""
    found = [_rights(home), _integrity(connection)]
    if found[-1].ok:
        found += [_counts(connection), _waiting(connection), _parked(connection)]
    return found


def given_up(home: Path, error: DatabaseDamaged) -> list[HealthCheck]:
    """The checks that remain if the database cannot be queried."""
    return [_rights(home), HealthCheck(name="database", ok=False, detail=str(error))]


def _rights(home: Path) -> HealthCheck:
    open_to_others = [
        path.name for path in sorted(home.glob("*")) if path.is_file() and stat.S_IMODE(path.stat().st_mode) & PRIVATE
    ]
    detail = f"{home} is readable by its owner only"
    if open_to_others:
        detail = f"others may read {', '.join(open_to_others)}; run chmod 600 on them"
    return HealthCheck(name="rights", ok=not open_to_others, detail=detail)


def _integrity(connection: Connection) -> HealthCheck:
    if on_postgres(connection):
        version = connection.execute(sa.text("SHOW server_version")).scalar_one()
        return HealthCheck(name="database", ok=True, detail=f"PostgreSQL {version} answers; it checks its own pages")
    try:
        said = "; ".join(connection.exec_driver_sql(f"PRAGMA quick_check({FAULTS_MAX})").scalars().all())
    except sa.exc.DatabaseError as error:
        if not damage.is_met(error):
            raise
        said = str(error.orig)
    told = " ".join(said.split())
    return HealthCheck(
        name="database", ok=said == "ok", detail="whole" if said == "ok" else f"{damage.damaged()} ({told})"
    )


def _counts(connection: Connection) -> HealthCheck:
    waiting = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sessions.c.last_number - sessions.c.extracted_to), 0),
        )
    ).one()
    due = connection.execute(sa.select(sa.func.count()).where(lessons.c.status == "pending")).scalar()
    detail = f"{waiting[0]} sessions, {waiting[1]} messages unread, {due} lessons to write"
    behind = connection.execute(sa.select(sa.func.count(unindexed.c.skill_id.distinct()))).scalar()
    if behind:
        detail += f"; the search index is behind with {behind} skills, a running server catches up"
    return HealthCheck(name="work", ok=True, detail=detail)


def _waiting(connection: Connection) -> HealthCheck:
    """Work that is retried later, for example because a model is unavailable or a budget is used up."""
    unread = (sessions.c.last_number > sessions.c.extracted_to) & ~sessions.c.extract_parked
    taught = (space_sessions.c.space_id == spaces.c.id) & (space_sessions.c.session_id == lessons.c.session_id)
    pending = sa.exists().where(taught, lessons.c.status == "pending")
    found: list[sa.Select[str]] = [
        sa.select(sessions.c.extract_error).where(unread, sessions.c.extract_error != ""),
        sa.select(tasks.c.distill_error).where(is_due(), ~tasks.c.distill_parked, tasks.c.distill_error != ""),
        sa.select(spaces.c.write_error).where(pending, spaces.c.write_error != ""),
    ]
    reasons = [reason for statement in found for reason in connection.execute(statement.limit(REASONS_MAX)).scalars()]
    detail = f"{len(reasons)} wait for another try, the first because: {reasons[0]}" if reasons else "none"
    return HealthCheck(name="waiting", ok=not reasons, detail=detail)


def _parked(connection: Connection) -> HealthCheck:
    reasons = [
        *connection.execute(sa.select(sessions.c.extract_error).where(sessions.c.extract_parked)).scalars(),
        *connection.execute(sa.select(tasks.c.distill_error).where(tasks.c.distill_parked)).scalars(),
        *connection.execute(sa.select(lessons.c.reason).where(lessons.c.status == "parked")).scalars(),
    ]
    detail = f"{len(reasons)} parked, the first because: {reasons[0]}" if reasons else "none"
    return HealthCheck(name="parked", ok=not reasons, detail=detail)


def touch(connection: Connection) -> None:
    """A write without effect, to test writing."""
    connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))


def skill_counts(connection: Connection) -> tuple[int, int]:
    """How many skills and versions of them there are."""
    total = sa.cast(sa.func.coalesce(sa.func.sum(skills.c.head), 0), sa.BigInteger)
    row = connection.execute(sa.select(sa.func.count(), total).select_from(skills)).one()
    return int(row[0]), int(row[1])
