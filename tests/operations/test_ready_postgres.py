"""`/ready` on PostgreSQL: what happens to a worker's row or to its connections passes."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import psycopg
import pytest

from tests.operations.test_ready import part, ready
from tests.support.databases import database_of, homes_on
from tests.support.postgres import Postgres
from tests.support.server import Server, running, wait_until

NO_ROWS = "DELETE FROM procrastinate_workers"
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
# The first may have been on its way.
BEATS = 2
BEATEN = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %s"


@pytest.fixture(scope="module")
def server(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with homes_on(postgres_server), running(tmp_path_factory.mktemp("ready")) as started:
        yield started


def _now(connection: psycopg.Connection) -> datetime:
    [(moment,)] = connection.execute("SELECT now()").fetchall()
    assert isinstance(moment, datetime)
    return moment


def _has_beaten(connection: psycopg.Connection, since: datetime) -> bool:
    return connection.execute(BEATEN, [since]).fetchall() == [(1,)]


@pytest.mark.parametrize("harm", [NO_ROWS, CUT], ids=["no row", "no connection"])
def test_a_worker_registers_again_and_learning_goes_on(server: Server, postgres_server: Postgres, harm: str) -> None:
    with homes_on(postgres_server), psycopg.connect(database_of(server.home), autocommit=True) as connection:
        wait_until(lambda: ready(server)[0] == 200, "it is ready")
        connection.execute(harm.encode())
        for _ in range(BEATS):
            wait_until(partial(_has_beaten, connection, _now(connection)), "it says again that it lives")
        wait_until(lambda: ready(server)[0] == 200, "it is ready again")
        assert part(ready(server)[1], "worker")["detail"] == "works"
    with server.client() as client:
        space, session = client.learning_spaces.create(), client.sessions.create()
        client.learning_spaces.learn(space.id, session_id=session.id)
        client.sessions.store_message(session.id, blob={"role": "user", "content": "Deploy the shop."}, format="openai")
        client.sessions.flush(session.id)
        wait_until(
            lambda: client.learning_spaces.get_session(space.id, session_id=session.id).status == "completed",
            "it has learned",
        )
