"""Fixtures of the tests that speak to a real server.

One server serves a whole test process. To start one takes as long as ten tests, and tests that share it also show that
projects, users and sessions do not disturb each other. Tests therefore use a user of their own, and those that look at
whole lists a project of their own. What needs another configuration or an empty home takes `start_server`.
"""

import gc
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import httpx
import pytest
from acontext import AcontextClient

from tests.support import examples, parts
from tests.support.databases import homes_on, postgres_with_template
from tests.support.postgres import Postgres
from tests.support.presence import watched
from tests.support.s3 import S3, s3_server
from tests.support.server import RUNNING, Project, Server, running

examples.load()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=("sqlite", "postgres"), default="sqlite", help="what homes keep their rows in")
    parser.addoption("--part", default="1/1", metavar="K/N", help="run the K-th of N parts of the tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--store") != "sqlite":
        items[:] = [item for item in items if item.get_closest_marker("sqlite") is None]
    items[:] = parts.in_part(items, config.getoption("--part"))


def pytest_collection_finish() -> None:
    """The tests and what they import stay to the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The PostgreSQL server of this test process."""
    with postgres_with_template() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _store(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every home of the tests keeps its rows in the kind of database that was asked for."""
    if request.config.getoption("--store") == "sqlite":
        yield
        return
    with homes_on(request.getfixturevalue("postgres_server")):
        yield


@pytest.fixture(scope="session", autouse=True)
def _answers_are_as_described() -> Iterator[None]:
    """Whatever a test asks a running server, the answer must be as the API's description says."""
    with watched():
        yield


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(_s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An S3 server; until the test ends, this process and those that it starts find it by their environment."""
    for name, value in _s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return _s3_server


StartServer = Callable[..., Server]
NewProject = Callable[[], Project]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the tests of this process share."""
    with running(tmp_path_factory.mktemp("shared-server")) as started:
        yield started


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Starts further servers, each with an empty home; settings are environment variables (`SEASONED_...=...`)."""
    with ExitStack() as stack:

        def start(*, fresh: bool = False, **settings: str) -> Server:
            return stack.enter_context(running(tmp_path_factory.mktemp("own-server"), settings, fresh=fresh))

        yield start


@pytest.fixture(scope="module")
def patient_server(start_server: StartServer) -> Server:
    """A server that reads a session only when it is told to (flush), so that nothing moves while a test looks."""
    return start_server(SEASONED_QUIET_SECONDS="3600")


@pytest.fixture
def client(server: Server) -> Iterator[AcontextClient]:
    """The published SDK's client of the shared server's default project."""
    with server.client() as opened:
        yield opened


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    """A raw client of the shared server's default project."""
    with server.http() as opened:
        yield opened


@pytest.fixture
def user() -> str:
    """A user that no other test uses."""
    return f"user-{uuid.uuid4()}@example.com"


@pytest.fixture
def new_project(server: Server) -> NewProject:
    """Creates projects on the shared server."""
    return lambda: server.create_project(f"project-{uuid.uuid4()}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers said beside a failure."""
    report = yield
    if report.failed:
        report.sections.extend((f"standard error of {server.url}", server.said()) for server in RUNNING)
    return report
