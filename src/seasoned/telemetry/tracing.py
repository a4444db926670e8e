"""Traces through OpenTelemetry (the extra `otel`): requests, stages and model calls.

Model calls follow the semantic conventions for generative AI. Attributes contain ids, names, counts and times, but no
text of messages, prompts, answers or errors.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from seasoned.errors import how_to_install
from seasoned.instrumentation import HttpRequest, ModelCall, StageRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, TracerProvider

    from seasoned.instrumentation import Operation

log = logging.getLogger(__name__)

# The conventions' names for providers; others are called as in the settings.
PROVIDERS = {
    "openai-chat": "openai",
    "openai-responses": "openai",
    "google": "gcp.gemini",
    "google-gla": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "bedrock": "aws.bedrock",
    "mistral": "mistral_ai",
    "grok": "x_ai",
    "xai": "x_ai",
}
SERVER_ERROR = 500
MICROS = 1_000_000
HTTP = "http/protobuf"
PROTOCOL = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")


class Tracing:
    """Makes a span of each piece of work that `seasoned.instrumentation` tells of.

    Raises ImportError when the extra is not installed.
    """

    def __init__(self, provider: TracerProvider, version: str) -> None:
        self._tracer = provider.get_tracer("seasoned", version)
        self._open: dict[Operation, tuple[Span, Token[Context]]] = {}

    def begin(self, work: Operation) -> None:
        """Open a span, inside which other spans are until the work ends."""
        from opentelemetry import context, trace  # noqa: PLC0415 - an extra

        # What is known already is what samplers decide by.
        known = _attributes(work)
        if isinstance(work, HttpRequest):
            span = self._tracer.start_span(work.method, _caller(work), trace.SpanKind.SERVER, known)
        elif isinstance(work, StageRun):
            # A trace of its own: what made it due may have been said long ago, by many requests.
            span = self._tracer.start_span(f"seasoned.{work.stage}", context.Context(), attributes=known)
        else:
            name = f"chat {_split(work.model)[1]}"
            span = self._tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=known)
        self._open[work] = (span, context.attach(trace.set_span_in_context(span)))

    def end(self, work: Operation, seconds: float) -> None:  # noqa: ARG002 - the protocol's
        """Close the span."""
        from opentelemetry import context  # noqa: PLC0415 - an extra
        from opentelemetry.trace import StatusCode  # noqa: PLC0415

        opened = self._open.pop(work, None)
        if opened is None:
            return
        span, token = opened
        context.detach(token)
        if isinstance(work, StageRun):
            if work.outcome == "idle":
                return  # what never ends is never sent: each wake-up would be a trace of nothing
            span.set_attribute("seasoned.outcome", work.outcome or "cancelled")
        if isinstance(work, HttpRequest):
            span.update_name(f"{work.method} {work.route}".strip())
        for name, value in _attributes(work).items():
            span.set_attribute(name, value)
        error = work.error
        if isinstance(work, HttpRequest) and work.status >= SERVER_ERROR:
            error = error or str(work.status)
        if error:
            span.set_attribute("error.type", error)
            span.set_status(StatusCode.ERROR)
        span.end()

    def cut_off(self) -> None:
        """Nothing: it is no piece of work."""

    def stored(self, messages: int) -> None:
        """Nothing: the request has a span."""


def from_environment(environ: Mapping[str, str], version: str) -> tuple[Tracing, Callable[[], None]] | None:
    """Traces as the standard `OTEL_*` variables ask for them, and what sends the last ones; None when none do.

    Spans go to a collector over OTLP (HTTP), or with `OTEL_TRACES_EXPORTER=console` to standard output.
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(environ.get(name) for name in WANTED):
        return None
    kind = environ.get("OTEL_TRACES_EXPORTER", "") or "otlp"
    if kind == "none":
        return None
    protocol = next((environ[name] for name in PROTOCOL if environ.get(name)), HTTP)
    if kind == "otlp" and protocol != HTTP:
        log.warning("traces are not made: OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf", extra={"given": protocol})
        return None
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider as Provider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        exporter = _exporter(kind)
    except ImportError:
        log.warning(
            "traces are asked for by OTEL_* variables but not made; the extra `otel` is missing",
            extra={"remedy": how_to_install("otel")},
        )
        return None
    if exporter is None:
        log.warning("traces are not made: OTEL_TRACES_EXPORTER must be otlp, console or none", extra={"exporter": kind})
        return None
    # The environment's service.name and OTEL_RESOURCE_ATTRIBUTES beat ours.
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    ours = {"service.version": version} | ({} if named else {"service.name": "seasoned"})
    provider = Provider(resource=Resource.create(ours))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider, version), provider.shutdown


def _exporter(kind: str) -> SpanExporter | None:
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415 - an extra

        return ConsoleSpanExporter()
    if kind != "otlp":
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra

    return OTLPSpanExporter()


def _caller(request: HttpRequest) -> Context:
    """The caller's trace, when it sent one."""
    from opentelemetry.context import Context  # noqa: PLC0415 - an extra
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier = {"traceparent": request.traceparent, "tracestate": request.tracestate}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _attributes(work: Operation) -> dict[str, str | int | float]:
    if isinstance(work, HttpRequest):
        found: dict[str, str | int | float] = {
            "http.request.method": work.method,
            "http.route": work.route,
            "http.response.status_code": work.status,
        }
    elif isinstance(work, StageRun):
        key = {"extract": "seasoned.session.id", "distill": "seasoned.task.id", "write": "seasoned.space.id"}
        found = {
            "seasoned.stage": work.stage,
            key.get(work.stage, "seasoned.key"): work.key,
        }
    else:
        found = _of_call(work)
    return {name: value for name, value in found.items() if value not in ("", 0)}


def _of_call(call: ModelCall) -> dict[str, str | int | float]:
    provider, model = _split(call.model)
    found: dict[str, str | int | float] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": call.output_tokens_max,
        "gen_ai.output.type": "json",
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.cached_tokens,
        "gen_ai.conversation.id": call.session_id,
        "seasoned.stage": call.stage,
        "seasoned.requests": call.requests,
        "seasoned.project.id": call.project_id,
        "seasoned.space.id": call.space_id,
        "seasoned.task.id": call.task_id,
    }
    return found if call.price_micros is None else {**found, "seasoned.cost_usd": call.price_micros / MICROS}


def _split(name: str) -> tuple[str, str]:
    provider, _, model = name.partition(":")
    return provider, model
