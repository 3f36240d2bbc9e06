"""Figures for Prometheus. Labels are names from our own lists: a tick, a class of message, a result."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config.watching import health, intervals
from reminders.selectors.beats import late_ticks

_CIRCUIT = {"closed": 0.0, "half_open": 1.0, "open": 2.0}


class _Figures(Collector):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        state, late = health(now=self._now), set(late_ticks(intervals=intervals(), now=self._now))
        ticks = GaugeMetricFamily("holdfast_tick_late", "1 when nobody ran this tick lately", labels=["tick"])
        for name in intervals():
            ticks.add_metric([name], float(name in late))
        yield ticks
        waiting = GaugeMetricFamily("holdfast_messages_waiting", "Due and not sent", labels=["message_class"])
        for name, count in sorted(state.waiting.items()):
            waiting.add_metric([name], count)
        yield waiting
        answers = GaugeMetricFamily(
            "holdfast_provider_answers", "What the provider said in the last 15 minutes", labels=["result"]
        )
        for name, count in sorted(state.answers.items()):
            answers.add_metric([name], count)
        yield answers
        circuits = GaugeMetricFamily(
            "holdfast_circuit",
            "0 when the provider's circuit is closed, 1 while it is tried, 2 open",
            labels=["provider"],
        )
        for name, (how, _) in sorted(state.circuits.items()):
            circuits.add_metric([name], _CIRCUIT[how])
        yield circuits
        devices = GaugeMetricFamily("holdfast_devices", "Places where people are woken up", labels=["channel"])
        for name, count in sorted(state.devices.items()):
            devices.add_metric([name], count)
        yield devices
        for name, words, value in (
            ("holdfast_messages_without_outcome", "Due for five minutes and without an outcome", state.without_outcome),
            ("holdfast_oldest_waiting_seconds", "Age of the oldest text that is due", state.oldest_waiting_s),
            ("holdfast_audit_unsealed", "Audit entries not sealed after ten seconds", state.unsealed),
            ("holdfast_inbox_unread", "Texts that wait for a person", state.unread),
            ("holdfast_inbox_oldest_seconds", "Age of the oldest of them", state.oldest_unread_s),
        ):
            yield GaugeMetricFamily(name, words, value=float(value))


def metrics_text(*, now: datetime) -> bytes:
    """All figures at one moment, in the text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(now))
    return generate_latest(registry)
