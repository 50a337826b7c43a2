"""How the box is: a word for each part, and figures for whoever collects them (Prometheus text format)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from appliance import live, sms
from appliance.core import state as st
from appliance.daemon.disk import HALTED, Disk
from appliance.daemon.hub import Hub
from appliance.daemon.live import Live
from appliance.daemon.lookout import Lookout
from appliance.daemon.recordings import Recordings
from appliance.daemon.spans import Spans
from appliance.daemon.watchdog import Watchdog


@dataclass(frozen=True, slots=True, kw_only=True)
class Organs:
    """What is looked at."""

    hub: Hub
    exchanges: Callable[[], tuple[Mapping[str, str], ...]]
    "Each exchange's parts to their words."
    store: Callable[[], Mapping[str, str]]
    "Each storage to its word."
    backlog: Callable[[], int]
    recordings: Recordings
    disk: Disk
    lookout: Lookout
    spans: Spans
    prompts: Callable[[], str]
    "`ok`, or what is wrong with the spoken prompts."
    lines: Callable[[], Mapping[str, str]]
    "Each serial line to its word."
    modems: Callable[[], tuple[sms.Modem, ...]]
    backup: Callable[[], str]
    "How backups are; empty while none are set up."
    release: str
    clock_believed: bool


def health_of(organs: Organs) -> live.Health:
    """Tell how everything is; `ok`, or a stable word of what is wrong."""
    parts: dict[str, str] = {}
    for exchange in organs.exchanges():
        for part, word in exchange.items():
            parts[part] = word if parts.get(part, "ok") == "ok" else parts[part]
    storages = organs.store()
    parts["journal"] = storages.get("journal", "ok")
    parts["store"] = next((word for word in storages.values() if word != "ok"), "ok")
    parts["prompts"] = organs.prompts()
    parts["recordings"] = HALTED if organs.disk.halted else organs.recordings.health
    parts["disk"] = organs.disk.health
    parts["centre"] = "quarantined" if organs.hub.quarantined else "ok"
    parts["invariants"] = "broken" if organs.lookout.counts else "ok"
    parts.update(organs.lines())
    parts["clock"] = "ok" if organs.clock_believed else "not_believed"
    if backup := organs.backup():
        parts["backup"] = backup
    return live.Health(parts=parts, boot=organs.hub.centre.state.boot, version=organs.release, modems=organs.modems())


class Figures(Collector):
    """What Prometheus collects; nothing in it names anybody."""

    def __init__(self, organs: Organs, live: Live, watchdog: Watchdog) -> None:
        """Look at these."""
        self._organs = organs
        self._live = live
        self._watchdog = watchdog

    @override
    def collect(self) -> Iterator[Metric]:
        """Give every figure once."""
        state = self._organs.hub.centre.state
        facts = CounterMetricFamily("switchroom_facts", "Facts taken in since the start.", labels=["kind"])
        for kind, count in sorted(self._organs.hub.counts.items()):
            facts.add_metric([kind], count)
        yield facts
        calls = GaugeMetricFamily("switchroom_calls", "Interactions in progress.", labels=["state"])
        for word, count in sorted(_tally(i.state for i in state.interactions.values()).items()):
            calls.add_metric([word], count)
        yield calls
        agents = GaugeMetricFamily("switchroom_agents", "Agents by what they are in.", labels=["state"])
        for word, count in sorted(_tally(a.state for a in state.agents.values()).items()):
            agents.add_metric([word], count)
        yield agents
        parts = GaugeMetricFamily("switchroom_health", "1 where a part is well.", labels=["part"])
        for part, word in sorted(health_of(self._organs).parts.items()):
            parts.add_metric([part], 1 if word == "ok" else 0)
        yield parts
        used = GaugeMetricFamily("switchroom_disk_used_percent", "How full a file system is.", labels=["folder", "of"])
        for room in self._organs.disk.rooms:
            used.add_metric([room.folder.name, "bytes"], room.used)
            used.add_metric([room.folder.name, "files"], room.used_files)
        yield used
        errors = CounterMetricFamily("switchroom_span_errors", "What went wrong on a wire.", labels=["span", "kind"])
        for number, reading in sorted(self._organs.spans.readings.items()):
            for kind, count in sorted(reading.counters.items()):
                errors.add_metric([str(number), kind], count)
        yield errors
        alarms = CounterMetricFamily(
            "switchroom_span_alarms", "Times a wire came into an alarm.", labels=["span", "kind"]
        )
        for (number, kind), count in sorted(self._organs.spans.counts.items()):
            alarms.add_metric([str(number), kind], count)
        yield alarms
        broken = CounterMetricFamily("switchroom_broken", "Times an invariant did not hold.", labels=["rule"])
        for rule, count in sorted(self._organs.lookout.counts.items()):
            broken.add_metric([rule], count)
        yield broken
        yield _gauge("switchroom_journal_backlog", "Rows waiting for their commit.", self._organs.backlog())
        yield _gauge("switchroom_recordings_waiting", "Recordings not yet sealed.", self._organs.recordings.waiting)
        yield _gauge("switchroom_streams", "Live streams being read.", self._live.streams)
        yield _counter("switchroom_recordings_sealed", "Recordings sealed.", self._organs.recordings.sealed)
        yield _counter("switchroom_quarantined", "Facts the Centre could not digest.", self._organs.hub.quarantined)
        left = self._organs.hub.left_alone
        yield _counter("switchroom_left_alone", "New calls left to the fall-back: the journal was not written.", left)
        yield _counter("switchroom_proofs_of_life", "Times the watchdog was fed.", self._watchdog.proofs)


def metrics_of(figures: Figures) -> bytes:
    """Write the figures in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return generate_latest(registry)


def _tally(states: Iterator[st.AgentState] | Iterator[st.InteractionState]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in states:
        word = str(state.__struct_config__.tag)
        counts[word] = counts.get(word, 0) + 1
    return counts


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
