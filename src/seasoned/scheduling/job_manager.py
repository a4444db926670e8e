"""Procrastinate's job manager, for a worker that survives outages. Importing this needs the extra.

The original stops when a query fails, or goes on without a heartbeat. Here a failed fetch finds nothing, the end of a
job is recorded later if needed, and `store.workers` sends the heartbeats.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

from seasoned.store.postgres import sqlstate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procrastinate.connector import BaseConnector
    from procrastinate.jobs import Job, Status
    from procrastinate.manager import NotificationCallback

    from seasoned.store.workers import Registration

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# PostgreSQL's code for exceptions that Procrastinate's functions raise.
RAISED = "P0001"


class ResilientJobManager(JobManager):
    """Waits for an unavailable database, and tracks running jobs."""

    def __init__(self, connector: BaseConnector, registration: Registration) -> None:
        super().__init__(connector)
        self._registration = registration
        self._away = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Like Procrastinate's; nothing while the database is unavailable."""
        try:
            job = await super().fetch_job(queues, worker_id)
        except ConnectorException as error:
            if not self._away:
                log.warning("no work can be fetched now", extra={"error": _name(error)})
            self._away = True
            return None
        self._away = False
        if job is not None and job.id is not None:
            self._registration.running.add(job.id)
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Like Procrastinate's; recorded later if the database is unavailable."""
        number = job.id or 0
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            if error.__cause__ is not None and sqlstate(error.__cause__) == RAISED:
                log.warning("somebody else took a piece of work back that was done here", extra={"job": number})
            else:
                self._registration.ended.add(number)
        finally:
            self._registration.running.discard(number)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Like Procrastinate's, but it never stops; workers also poll."""
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except (ConnectorException, OSError) as error:
                log.warning("new work is not heard of now", extra={"error": _name(error)})
            await asyncio.sleep(RETRY_SECONDS)

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:  # noqa: ARG002 - its signature
        """Jobs are never aborted."""
        return []

    async def register_worker(self) -> int:
        """The worker's existing id."""
        return await self._registration.registered()

    async def unregister_worker(self, worker_id: int) -> None:
        """Nothing to do: the registration ends by itself."""

    async def update_heartbeat(self, worker_id: int) -> None:
        """Nothing to do: the registration does."""

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:  # noqa: ARG002 - its signature
        """None: a heartbeat that is late is no proof."""
        return []


def _name(error: BaseException) -> str:
    return type(error.__cause__ or error).__name__
