"""Metrics in Prometheus' format: how requests end, how long they take, what they cost.

Where the environment names a ``PROMETHEUS_MULTIPROC_DIR``, the workers that share it are told as
one, whichever of them is asked; the snapshot is always the one of the worker that is asked.
"""

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from graph.snapshot import Manifest

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COSTS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)


class Metrics:
    """What is counted of one application.

    Parameters
    ----------
    manifest
        Returns the manifest of the snapshot that is served, None where there is none.
    """

    def __init__(self, manifest: Callable[[], Manifest | None]) -> None:
        own = CollectorRegistry()
        self._snapshot = _Snapshot(manifest)
        self._own = own
        self._requests = Counter(
            "modelkin_requests",
            "GraphQL requests, by HTTP status and where the answer is from: executed, kept (by"
            " the worker), unchanged (304), or refused.",
            ["status", "answer"],
            registry=own,
        )
        self._refused = Counter(
            "modelkin_refused", "Requests that were refused, by error code.", ["code"], registry=own
        )
        self._seconds = Histogram(
            "modelkin_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            registry=own,
            buckets=_SECONDS,
        )
        self._cost = Histogram(
            "modelkin_query_cost",
            "Values that executed queries might have returned.",
            registry=own,
            buckets=_COSTS,
        )
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            own.register(self._snapshot)

    def count(self, status: int, answer: str, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(status, answer).inc()
        self._seconds.observe(seconds)

    def count_cost(self, cost: int) -> None:
        """Count the cost of a query that was executed."""
        self._cost.observe(cost)

    def count_refusal(self, code: str) -> None:
        """Count a request that was refused."""
        self._refused.labels(code).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        registry = self._own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            registry.register(self._snapshot)
        return generate_latest(registry)


class _Snapshot(Collector):
    """The snapshot that is served, looked at when it is asked for."""

    def __init__(self, manifest: Callable[[], Manifest | None]) -> None:
        self._manifest = manifest

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        manifest = self._manifest()
        if manifest is None:
            return
        info = GaugeMetricFamily(
            "modelkin_snapshot_info", "The snapshot that is served.", labels=["id", "sample"]
        )
        info.add_metric([manifest.id, str(manifest.sample).lower()], 1)
        yield info
        for name, at, what in (
            ("measured", manifest.measured_at, "When it was measured and published."),
            ("as_of", manifest.as_of, "When its data held: time() less this is its age."),
        ):
            full = f"modelkin_snapshot_{name}_timestamp_seconds"
            yield GaugeMetricFamily(full, what, at / 1000)
        yield GaugeMetricFamily("modelkin_snapshot_models", "Its models.", manifest.models)
