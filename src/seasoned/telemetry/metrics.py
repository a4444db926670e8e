"""Metrics for Prometheus (the extra `metrics`).

Labels have few values: routes are patterns, statuses codes, models those of the settings. No label contains a project,
a user, a session or a space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from seasoned.instrumentation import HttpRequest, ModelCall, StageRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

    from seasoned.instrumentation import Operation

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WORK_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What nginx says of a client that did not wait for its answer.
GONE = 499
MICROS = 1_000_000


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """Gauges measured on each scrape; None if the database did not respond."""

    ready: bool
    writes_waiting: int
    writes_max: int
    longest_write_seconds: float = 0.0
    due: Mapping[str, int] | None = None
    parked: Mapping[str, int] | None = None
    oldest_due_seconds: float | None = None
    skills: int | None = None
    versions: int | None = None


class Metrics:
    """Counts what `seasoned.instrumentation` reports. Raises ImportError if the extra is not installed."""

    def __init__(self, version: str) -> None:
        from prometheus_client import (  # noqa: PLC0415 - an extra
            CollectorRegistry,
            GCCollector,
            Info,
            ProcessCollector,
        )

        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        Info("seasoned_build", "The release that runs.", registry=self._registry).info({"version": version})
        self._http = _Http(self._registry)
        self._stages = _Stages(self._registry)
        self._models = _Models(self._registry)
        self._levels = _Gauges(self._registry)

    def begin(self, work: Operation) -> None:
        """Nothing: what is counted is what has ended."""

    def end(self, work: Operation, seconds: float) -> None:
        """Count a request, a run or a call."""
        if isinstance(work, HttpRequest):
            self._http.count(work, seconds)
        elif isinstance(work, StageRun):
            self._stages.count(work, seconds)
        else:
            self._models.count(work, seconds)

    def cut_off(self) -> None:
        """Count a connection that was closed on a client that did not read."""
        self._http.cut_off.inc()

    def stored(self, messages: int) -> None:
        """Count stored messages."""
        self._http.messages.inc(messages)

    def text(self, levels: Levels) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, and the content type of that."""
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest  # noqa: PLC0415 - an extra

        self._levels.set(levels)
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4


class _Http:
    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - an extra

        self._requests = Counter(
            "seasoned_http_requests",
            "Requests by method, route and status; 499 means that the client disconnected.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "seasoned_http_request_duration_seconds",
            "Duration of requests, from the headers to the end of the response.",
            ("method", "route"),
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.cut_off = Counter(
            "seasoned_http_connections_cut_off",
            "Connections closed because the client did not read its response.",
            registry=registry,
        )
        self.messages = Counter("seasoned_messages_stored", "Messages that were stored.", registry=registry)

    def count(self, request: HttpRequest, seconds: float) -> None:
        method = request.method if request.method in METHODS else "other"
        route = request.route or "none"
        of = (method, route, request.status or GONE)
        series = self._series.get(of)
        if series is None:
            # Kept, since looking a series up by its labels costs more than counting.
            series = (self._requests.labels(method, route, str(of[2])), self._seconds.labels(method, route))
            self._series[of] = series
        series[0].inc()
        series[1].observe(seconds)


class _Stages:
    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - an extra

        self._runs = Counter(
            "seasoned_stage_runs",
            "Runs of the learning stages by outcome: worked, idle, superseded, waits, failed or cancelled.",
            ("stage", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "seasoned_stage_duration_seconds",
            "Duration of stage runs, without idle ones.",
            ("stage",),
            buckets=WORK_SECONDS,
            registry=registry,
        )

    def count(self, run: StageRun, seconds: float) -> None:
        self._runs.labels(run.stage, run.outcome or "cancelled").inc()
        if run.outcome != "idle":
            self._seconds.labels(run.stage).observe(seconds)


class _Models:
    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - an extra

        labels = ("stage", "model")
        self._calls = Counter(
            "seasoned_model_calls",
            "Model calls by outcome: answered or failed.",
            (*labels, "outcome"),
            registry=registry,
        )
        self._tokens = Counter(
            "seasoned_model_tokens",
            "Tokens by kind: input, output, and cached, which is part of input.",
            (*labels, "kind"),
            registry=registry,
        )
        self._cost = Counter(
            "seasoned_model_cost_usd", "Cost in dollars, for models with a known price.", labels, registry=registry
        )
        self._seconds = Histogram(
            "seasoned_model_call_duration_seconds",
            "Duration of model calls, with corrections.",
            labels,
            buckets=WORK_SECONDS,
            registry=registry,
        )

    def count(self, call: ModelCall, seconds: float) -> None:
        of = (call.stage, call.model)
        self._calls.labels(*of, "failed" if call.error else "answered").inc()
        for kind, tokens in (
            ("input", call.input_tokens),
            ("cached", call.cached_tokens),
            ("output", call.output_tokens),
        ):
            self._tokens.labels(*of, kind).inc(tokens)
        self._cost.labels(*of).inc((call.price_micros or 0) / MICROS)
        self._seconds.labels(*of).observe(seconds)


class _Gauges:
    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Gauge  # noqa: PLC0415 - an extra

        def gauge(name: str, what: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"seasoned_{name}", what, labels, registry=registry)

        self._ready = gauge("ready", "Whether /ready says so: 1 or 0.")
        self._waiting = gauge("write_queue_waiting", "Queued writes.")
        self._max = gauge("write_queue_limit", "Limit of queued writes; beyond it requests are answered 503.")
        self._longest = gauge("write_transaction_seconds_max", "Longest write transaction since the start.")
        self._due = gauge("work_due", "Due pieces of work in the whole database.", ("stage",))
        self._parked = gauge("work_parked", "Parked pieces of work in the whole database.", ("stage",))
        self._oldest = gauge("work_oldest_due_seconds", "Age of the oldest due work.")
        self._skills = gauge("skills", "Skills of the whole database.")
        self._versions = gauge("skill_versions", "Skill versions in the whole database.")

    def set(self, levels: Levels) -> None:
        self._ready.set(levels.ready)
        self._waiting.set(levels.writes_waiting)
        self._max.set(levels.writes_max)
        self._longest.set(levels.longest_write_seconds)
        for gauge, by_stage in ((self._due, levels.due), (self._parked, levels.parked)):
            gauge.clear()
            for stage, count in (by_stage or {}).items():
                gauge.labels(stage).set(count)
        for single, value in (
            (self._oldest, levels.oldest_due_seconds),
            (self._skills, levels.skills),
            (self._versions, levels.versions),
        ):
            single.set(float("nan") if value is None else value)
