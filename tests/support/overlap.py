"""Two transactions that cannot see each other."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from seasoned.store import Connection, Store
from seasoned.store.schema import projects
from tests.support.patience import PATIENCE_SECONDS


def overtaken(
    store: Store, one: Callable[[Connection], None], other: Callable[[Connection], None], *, alone: bool
) -> int:
    """Commit `one` after `other` has begun to read, then let `other` write; how often that ran. Where writers are
    `alone`, it is begun afterwards.
    """
    runs, has_read, committed = 0, threading.Event(), threading.Event()

    def late(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        connection.execute(sa.select(sa.func.count()).select_from(projects)).all()
        has_read.set()
        assert committed.wait(PATIENCE_SECONDS)
        other(connection)

    with ThreadPoolExecutor(1) as beside:
        if alone:
            store.write_now(one)
            committed.set()
        waiting = beside.submit(store.write_now, late)
        assert has_read.wait(PATIENCE_SECONDS)
        if not alone:
            store.write_now(one)
            committed.set()
        waiting.result(PATIENCE_SECONDS)
    return runs
