"""Tasks found in sessions, with the distiller's cursor."""

from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Superseded
from seasoned.ids import new_id
from seasoned.store import documents
from seasoned.store.documents import Document
from seasoned.store.gc.marks import chunks
from seasoned.store.rows import PageQuery, after_newest, columns, dump, load_as, page_of, to_rows
from seasoned.store.schema import messages, sessions, space_sessions, task_messages, tasks
from seasoned.task import FINISHED, Task, TaskStatus


class TaskRow(msgspec.Struct, frozen=True):
    """A stored task. `revision` counts how often it was finished, `distilled_revision` which of them has its lesson."""

    id: str
    session_id: str
    project_id: str
    position: int
    title: str
    status: TaskStatus
    is_told: bool
    progresses: str
    evidence: str
    first_number: int
    last_number: int
    started_at: int
    ended_at: int
    revision: int
    distilled_revision: int
    summary: str | None
    distill_attempts: int
    distill_retry_at: int
    distill_error: str
    distill_parked: bool
    created_at: int
    updated_at: int

    @property
    def is_due(self) -> bool:
        """Whether it is finished and this finishing has not been distilled."""
        return self.status in FINISHED and self.revision > self.distilled_revision

    def value(self) -> Task:
        """The task as the stages see it."""
        return Task(
            order=self.position,
            title=self.title,
            status=self.status,
            first=self.first_number,
            last=self.last_number,
            progresses=load_as(self.progresses, tuple[str, ...]),
            evidence=self.evidence,
            revision=self.revision,
            started_at=self.started_at,
            ended_at=self.ended_at,
            is_told=self.is_told,
        )


def is_due() -> sa.ColumnElement[bool]:
    """Whether a task is finished and this finishing has not been distilled; a reopened one waits until it ends."""
    return (tasks.c.revision > tasks.c.distilled_revision) & tasks.c.status.in_(sorted(FINISHED))


def of_session(connection: Connection, session_id: str) -> list[TaskRow]:
    """A session's tasks in order."""
    statement = sa.select(*columns(TaskRow, tasks)).where(tasks.c.session_id == session_id).order_by(tasks.c.position)
    return to_rows(TaskRow, connection.execute(statement).all())


def left_running(connection: Connection, session_id: str, user_id: str, space_id: str, limit: int) -> list[str]:
    """The titles of the newest tasks that a user's other sessions in a space have not finished, oldest first."""
    statement = (
        sa.select(tasks.c.title)
        .join(sessions, sessions.c.id == tasks.c.session_id)
        .join(space_sessions, space_sessions.c.session_id == sessions.c.id)
        .where(space_sessions.c.space_id == space_id, sessions.c.user_id == user_id, sessions.c.id != session_id)
        .where(tasks.c.status.not_in(sorted(FINISHED)))
        .order_by(tasks.c.created_at.desc(), tasks.c.id)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())[::-1]


def page(connection: Connection, session_id: str, query: PageQuery) -> tuple[list[TaskRow], str | None]:
    """A page of a session's tasks in the order in which they were found."""
    return page_of(connection, TaskRow, tasks, [tasks.c.session_id == session_id], query)


def by_id(connection: Connection, task_id: str) -> TaskRow | None:
    """The task of any project, for the stages."""
    found = connection.execute(sa.select(*columns(TaskRow, tasks)).where(tasks.c.id == task_id)).all()
    return to_rows(TaskRow, found)[0] if found else None


def by_ids(connection: Connection, task_ids: Sequence[str]) -> list[TaskRow]:
    """Some tasks, without those that are gone."""
    statement = sa.select(*columns(TaskRow, tasks)).where(tasks.c.id.in_(list(task_ids)))
    return to_rows(TaskRow, connection.execute(statement).all())


def distilled_before(connection: Connection, space_id: str, row: TaskRow, limit: int) -> list[TaskRow]:
    """The newest tasks of a space that were distilled before this one was last changed.

    What is distilled meanwhile does not count, so that asking again after a crash finds the same.
    """
    statement = (
        sa.select(*columns(TaskRow, tasks))
        .join(space_sessions, space_sessions.c.session_id == tasks.c.session_id)
        .where(space_sessions.c.space_id == space_id, tasks.c.id != row.id, tasks.c.distilled_at <= row.updated_at)
        .order_by(tasks.c.distilled_at.desc(), tasks.c.id)
        .limit(limit)
    )
    return to_rows(TaskRow, connection.execute(statement).all())


def save(connection: Connection, project_id: str, session_id: str, task: Task, links: Sequence[int], now: int) -> None:
    """Insert or update a session's task by its order, and link messages to it."""
    where = (tasks.c.session_id == session_id) & (tasks.c.position == task.order)
    found = connection.execute(sa.select(tasks.c.id).where(where)).first()
    values: dict[str, object] = {
        "title": task.title,
        "status": task.status,
        "is_told": task.is_told,
        "progresses": dump(task.progresses),
        "evidence": task.evidence,
        "first_number": task.first,
        "last_number": task.last,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "revision": task.revision,
        "updated_at": now,
    }
    if found is None:
        task_id = new_id()
        new = {"id": task_id, "session_id": session_id, "project_id": project_id, "position": task.order}
        created_at = after_newest(connection, tasks.c.session_id, session_id, now)
        connection.execute(sa.insert(tasks).values(**new, **values, created_at=created_at))
    else:
        task_id = found[0]
        retry = {"distill_attempts": 0, "distill_retry_at": 0, "distill_error": "", "distill_parked": False}
        connection.execute(sa.update(tasks).where(tasks.c.id == task_id).values(**values, **retry))
        documents.remove(connection, [task_id])
    said = "\n".join((task.title, *task.progresses, task.evidence))
    documents.add(connection, session_id, [Document(kind="task", ref_id=task_id, at=task.ended_at, text=said)])
    if links:
        _link(connection, session_id, task_id, links)


def _link(connection: Connection, session_id: str, task_id: str, numbers: Sequence[int]) -> None:
    linked = (messages.c.session_id == session_id) & messages.c.number.in_(sorted(set(numbers)))
    connection.execute(sa.update(messages).where(linked).values(task_id=task_id))
    known = sa.select(task_messages.c.message_id).where(task_messages.c.task_id == task_id)
    rows = sa.select(sa.literal(task_id), messages.c.id, messages.c.number).where(linked, messages.c.id.not_in(known))
    connection.execute(sa.insert(task_messages).from_select(["task_id", "message_id", "number"], rows))


def of_messages(connection: Connection, message_ids: Collection[str]) -> dict[str, list[str]]:
    """The tasks of some messages by the messages' ids, in the order of the session."""
    found: dict[str, list[str]] = {}
    for some in chunks(message_ids):
        statement = (
            sa.select(task_messages.c.message_id, tasks.c.id)
            .join(tasks, tasks.c.id == task_messages.c.task_id)
            .where(task_messages.c.message_id.in_(some))
            .order_by(tasks.c.position)
        )
        for message_id, task_id in connection.execute(statement):
            found.setdefault(message_id, []).append(task_id)
    return found


def set_distilled(connection: Connection, row: TaskRow, summary: str, now: int) -> None:
    """Move the distiller's cursor to the revision that `row` saw. Raises Superseded when another run did it first."""
    where = (tasks.c.id == row.id) & (tasks.c.revision == row.revision) & (tasks.c.distilled_revision < row.revision)
    changed = connection.execute(
        sa.update(tasks)
        .where(where)
        .values(
            distilled_revision=row.revision,
            distilled_at=now,
            summary=summary,
            distill_attempts=0,
            distill_retry_at=0,
            distill_error="",
            # Another run may have given up on it meanwhile.
            distill_parked=False,
            updated_at=now,
        )
    )
    if changed.rowcount != 1:
        raise Superseded(f"Task {row.id} was already distilled by another run, or reopened.")


def note_waiting(connection: Connection, task_id: str, reason: str, retry_at: int) -> None:
    """Say why distilling waits, and until when; it does not count as a failure."""
    where = (tasks.c.id == task_id) & (tasks.c.distilled_revision < tasks.c.revision)
    connection.execute(sa.update(tasks).where(where).values(distill_error=reason, distill_retry_at=retry_at))


def note_failure(connection: Connection, row: TaskRow, reason: str, retry_at: int, parked: bool) -> None:
    """Remember that distilling failed, unless the task has moved on meanwhile."""
    where = (tasks.c.id == row.id) & (tasks.c.revision == row.revision) & (tasks.c.distilled_revision < row.revision)
    connection.execute(
        sa.update(tasks)
        .where(where)
        .values(
            distill_attempts=tasks.c.distill_attempts + 1,
            distill_retry_at=retry_at,
            distill_error=reason,
            distill_parked=parked,
        )
    )
