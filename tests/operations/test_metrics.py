"""`/metrics` as Prometheus reads it: what was asked, stored, learned and paid, with labels of few values."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from seasoned.testing import provider
from tests.conftest import StartServer
from tests.support.server import Server, running, wait_until

TOKEN = "scrape-me"


class Samples(dict[str, dict[frozenset[tuple[str, str]], float]]):
    """Values by name and labels."""

    def value(self, name: str, **labels: str) -> float:
        wanted = set(labels.items())
        return sum(value for found, value in self.get(name, {}).items() if wanted <= found)


def scrape(server: Server) -> Samples:
    answer = httpx.get(f"{server.url}/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    samples = Samples()
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        for sample in family.samples:
            samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return samples


def store(server: Server, text: str = "Deploy the shop with helm") -> str:
    with server.client() as client:
        session = client.sessions.create()
        client.sessions.store_message(session.id, blob={"role": "user", "content": text}, format="openai")
        return session.id


def test_requests_are_counted_by_the_route_not_by_the_address(start_server: StartServer) -> None:
    server = start_server(SEASONED_QUIET_SECONDS="3600")
    sessions = [store(server) for _ in range(3)]
    with server.http() as http:
        assert http.get(f"/session/{sessions[0]}/messages").status_code == 200
        assert http.get("/session/none/messages").status_code == 400
        assert http.get("/no/such/thing").status_code == 404
        http.request("PROPFIND", "/ping")
    found = scrape(server)
    route = "/api/v1/session/{session_id}/messages"
    assert found.value("seasoned_http_requests_total", method="POST", route=route, status="201") == 3
    assert found.value("seasoned_http_requests_total", method="GET", route=route, status="200") == 1
    assert found.value("seasoned_http_requests_total", method="GET", route=route, status="400") == 1
    assert found.value("seasoned_http_requests_total", method="GET", route="none", status="404") == 1
    assert found.value("seasoned_http_requests_total", method="other", status="404") == 1
    assert found.value("seasoned_http_request_duration_seconds_count", method="POST", route=route) == 3
    assert found.value("seasoned_messages_stored_total") == 3
    assert found.value("seasoned_write_queue_limit") == 4_096
    assert "seasoned_write_queue_waiting" in found
    assert found.value("seasoned_ready") == 1
    assert found.value("seasoned_build_info") == 1
    labels = {value for by_label in found.values() for pairs in by_label for _, value in pairs}
    assert not [one for one in labels for session in sessions if session in one]


def test_what_models_cost_and_what_stages_did_is_counted(tmp_path: Path) -> None:
    with provider(lambda asked: '{"tasks": [], "preferences": []}') as model:
        settings = {
            "SEASONED_MODEL": "openai:any",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "none",
            "SEASONED_PRICE_INPUT_USD": "1000",
        }
        with running(tmp_path, settings) as server:
            session = store(server)
            with server.client() as client:
                client.sessions.flush(session)
            wait_until(lambda: scrape(server).value("seasoned_stage_runs_total", outcome="worked") > 0, "it was read")
            found = scrape(server)
    labels = {"stage": "extract", "model": "openai:any"}
    assert found.value("seasoned_model_calls_total", outcome="answered", **labels) == 1
    assert found.value("seasoned_model_tokens_total", kind="input", **labels) > 0
    assert found.value("seasoned_model_tokens_total", kind="output", **labels) > 0
    assert found.value("seasoned_model_cost_usd_total", **labels) > 0
    assert found.value("seasoned_model_call_duration_seconds_count", **labels) == 1
    assert found.value("seasoned_stage_runs_total", stage="extract", outcome="worked") == 1
    assert found.value("seasoned_stage_duration_seconds_count", stage="extract") >= 1


def test_work_that_waits_and_skills_are_gauges(start_server: StartServer) -> None:
    server = start_server()
    with server.client() as client:
        client.learning_spaces.create()
    wait_until(lambda: scrape(server).value("seasoned_skills") == 2, "the skills are counted")
    found = scrape(server)
    assert found.value("seasoned_skill_versions") >= 2
    for name in ("seasoned_work_due", "seasoned_work_parked"):
        assert {dict(pairs)["stage"] for pairs in found[name]} == {"extract", "distill", "write"}
    assert found.value("seasoned_work_oldest_due_seconds") == 0


def test_a_token_is_asked_for_when_one_is_set(start_server: StartServer) -> None:
    server = start_server(SEASONED_METRICS_TOKEN=TOKEN)
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer no"}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
    ):
        assert httpx.get(f"{server.url}/metrics", headers=headers).status_code == status


@contextmanager
def without(tmp_path: Path, package: str, server_folder: Path) -> Iterator[Server]:
    """A server in whose process a package cannot be imported."""
    hidden = tmp_path / "hidden" / package
    hidden.mkdir(parents=True)
    server_folder.mkdir()
    (hidden / "__init__.py").write_text(f"raise ImportError('no {package}')")
    with running(server_folder, {"PYTHONPATH": str(hidden.parent)}) as server:
        yield server


def test_a_server_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    with without(tmp_path, "prometheus_client", tmp_path / "server") as server:
        answer = httpx.get(f"{server.url}/metrics")
        assert (answer.status_code, "'.[metrics]'" in answer.json()["error"]) == (501, True)
        assert httpx.get(f"{server.url}/ready").status_code == 200
