"""Traces: a span for each request, stage and question to a model, by the conventions, without anybody's words."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, StatusCode

from seasoned import instrumentation
from seasoned.http.app import App
from seasoned.telemetry.tracing import Tracing, from_environment
from seasoned.testing import provider
from tests.support.home import KEY, linked_session, opened, project, settled
from tests.support.server import running

SECRET = "zanzibar-4711"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """What was traced."""
    return InMemorySpanExporter()


@pytest.fixture(autouse=True)
def _traced(spans: InMemorySpanExporter) -> Iterator[None]:
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    stop = instrumentation.listen(Tracing(tracers, "1"))
    yield
    stop()


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def named(spans: InMemorySpanExporter, pattern: str) -> Sequence[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if re.fullmatch(pattern, span.name)]


def test_a_question_to_a_model_is_a_span_of_the_conventions_inside_its_stage(
    spans: InMemorySpanExporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(url: str) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        async with opened(tmp_path, "openai:any", base_url=url, price_input_usd=1.0) as engine:
            project_id = await project(engine)
            space = await engine.learning.space_named(project_id, "space")
            session = await linked_session(engine, project_id, space.id, f"Deploy {SECRET}")
            await settled(engine, project_id, space.id, session)

    with provider(lambda asked: '{"tasks": [], "preferences": []}') as model:
        asyncio.run(run(model.url))
    (call,) = named(spans, "chat any")
    given = attributes(call)
    assert call.kind == SpanKind.CLIENT
    assert given["gen_ai.operation.name"] == "chat"
    assert (given["gen_ai.provider.name"], given["gen_ai.request.model"]) == ("openai", "any")
    assert isinstance(given["gen_ai.usage.input_tokens"], int)
    assert given["gen_ai.usage.input_tokens"] > 0
    assert given["gen_ai.conversation.id"]
    (stage,) = [one for one in named(spans, "seasoned.extract") if attributes(one)["seasoned.outcome"] == "worked"]
    assert call.parent is not None
    assert stage.context is not None
    assert call.parent.span_id == stage.context.span_id
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())
    # A wake-up that finds nothing to do is no work: it would double the traces. (One that was still looking
    # when the engine closed was cancelled, and says that.)
    outcomes = {attributes(one)["seasoned.outcome"] for one in named(spans, r"seasoned\..*")}
    assert outcomes - {"cancelled"} == {"worked"}


def test_a_sampler_sees_what_a_span_is_about_when_it_begins(tmp_path: Path) -> None:
    seen: dict[str, set[str]] = {}

    class Asked(Sampler):
        def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, *_more):  # type: ignore[no-untyped-def]
            seen[name] = set(attributes or {})
            return SamplingResult(Decision.DROP)

        def get_description(self) -> str:
            return "asked"

    stop = instrumentation.listen(Tracing(TracerProvider(sampler=Asked()), "1"))
    with instrumentation.watch(instrumentation.ModelCall(stage="extract", model="openai:any")):
        pass
    with instrumentation.watch(instrumentation.StageRun(stage="extract", key="1")):
        pass
    with instrumentation.watch(instrumentation.HttpRequest(method="GET")):
        pass
    stop()
    assert seen["chat any"] >= {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"}
    assert seen["seasoned.extract"] >= {"seasoned.stage"}
    assert seen["GET"] >= {"http.request.method"}


def test_a_protocol_that_is_not_spoken_is_said(caplog: pytest.LogCaptureFixture) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert from_environment(asked, "1") is None
    assert "http/protobuf" in caplog.text


def test_a_call_that_fails_says_how_and_not_in_which_words(
    spans: InMemorySpanExporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(url: str) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        async with opened(tmp_path, "openai:any", base_url=url, attempts=1) as engine:
            project_id = await project(engine)
            space = await engine.learning.space_named(project_id, "space")
            session = await linked_session(engine, project_id, space.id, "Deploy")
            await settled(engine, project_id, space.id, session)

    with provider(lambda asked: f"I would rather not: {SECRET}") as model:
        asyncio.run(run(model.url))
    (call,) = named(spans, "chat any")
    assert (call.status.status_code, attributes(call)["error.type"]) == (StatusCode.ERROR, "ModelFailed")
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())


def test_a_request_is_named_by_its_route_and_part_of_its_callers_trace(
    spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    async def run() -> None:
        async with (
            opened(tmp_path) as engine,
            httpx.AsyncClient(transport=httpx.ASGITransport(App(engine)), base_url="http://test") as http,
        ):
            headers = {"authorization": f"Bearer {KEY}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
            await http.get(f"/api/v1/user/{SECRET}/resources", headers=headers)
            await http.get(f"/{SECRET}")

    asyncio.run(run())
    (known,) = named(spans, r"GET /api/v1/user/.*")
    assert known.name == "GET /api/v1/user/{identifier:path}/resources"
    assert known.context is not None
    assert f"{known.context.trace_id:032x}" == TRACE
    assert known.kind == SpanKind.SERVER
    (unknown,) = named(spans, "GET")
    assert attributes(unknown)["http.response.status_code"] == 404
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())


def test_a_server_sends_its_spans_where_the_standard_variables_say(tmp_path: Path) -> None:
    got: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        with running(tmp_path, settings) as server, server.http() as http:
            assert http.get("/ping").status_code == 200
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
    batches = [ExportTraceServiceRequest.FromString(one) for one in got]
    resources = [one for batch in batches for one in batch.resource_spans]
    names = [span.name for one in resources for scope in one.scope_spans for span in scope.spans]
    assert "GET /api/v1/ping" in names
    services = {a.value.string_value for one in resources for a in one.resource.attributes if a.key == "service.name"}
    assert services == {"seasoned"}
