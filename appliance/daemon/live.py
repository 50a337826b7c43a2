"""Live views: what happens on the floor, as server-sent events, encoded once a topic and merged per tick.

A topic is what one set of people may see: the whole floor for supervisors and administrators, one desk for each
agent, and for both, while they send a caller on, who could take the call. A stream gets the whole view first, then
deltas. A reader that is too slow gets nothing until it has read what it was sent, then the whole view again; one that
stays slow is dropped. Nothing is kept for it meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appliance import api, live
from appliance.core import effects, model
from appliance.core import state as st
from appliance.core.cdr import CDR
from appliance.daemon import view
from appliance.daemon.hub import Hub
from appliance.daemon.parties import Parties
from appliance.daemon.rights import LEADERS, Asker
from appliance.daemon.sessions import Sessions

TICK_S = 0.08
"Changes within this time leave together."
URGENT_S = 0.005
"The same where a phone begins to ring: the desk must pop at once."
BEAT_S = 2.0
"Time is told at least this often, so that pages see that they are still fed."
SLOW_S = 10.0
"A reader that has not taken what it was sent for so long is dropped."
STREAMS_MAX = 2_000
STREAMS_OF_A_SESSION_MAX = 20

FLOOR = ""
"The topic of those who see everything; all others are named by their agent."
COLLEAGUES = "+"
"The topic of those who send a caller on: everybody's name, extension and state, and how many wait where."
NOBODY = "-"
"The topic of an agent's account that is nobody's agent."

report = Logger()


class Sink(Protocol):
    """The connection that a stream goes out on."""

    def write(self, data: bytes) -> None:
        """Send."""

    def finish(self) -> None:
        """End in order, after what was sent."""

    def abort(self) -> None:
        """Cut."""


@dataclass(slots=True, kw_only=True, eq=False)
class Stream:
    """One reader."""

    asker: Asker
    sink: Sink
    topic: str
    slow_since: float | None = None
    "Since when the reader does not take more, by the reactor's clock; None while it does."


@dataclass(slots=True, kw_only=True)
class Topic:
    """What one set of people sees, and who they are."""

    seen: live.LiveView
    streams: list[Stream] = field(default_factory=list)


def topic_of(asker: Asker, *, colleagues: bool = False) -> str:
    """Choose what an asker may see, who asked for the colleagues or for all there is."""
    if colleagues and (asker.agent or asker.role in LEADERS):
        return COLLEAGUES
    if asker.role in LEADERS:
        return FLOOR
    return asker.agent or NOBODY


class Live:
    """All streams."""

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        hub: Hub,
        parties: Parties,
        sessions: Sessions,
        standing: Callable[[], tuple[model.Configuration, Mapping[str, str]]],
        health: Callable[[], live.Health],
    ) -> None:
        """Follow the hub; `standing` gives the configuration that holds and the agents' names."""
        self._reactor = reactor
        self._hub = hub
        self._parties = parties
        self._sessions = sessions
        self._standing = standing
        self._health = health
        self._topics: dict[str, Topic] = {}
        self._ended: dict[str, live.LiveCall] = {}
        self._number = 0
        self._tick: IDelayedCall | None = None
        self._beat: IDelayedCall | None = None
        hub.listen(self._happened)
        sessions.watch(self._check)

    @property
    def streams(self) -> int:
        """How many read."""
        return sum(len(topic.streams) for topic in self._topics.values())

    def readers(self, topic: str) -> tuple[Stream, ...]:
        """List who reads a topic."""
        found = self._topics.get(topic)
        return tuple(found.streams) if found else ()

    def open(self, asker: Asker, sink: Sink, *, colleagues: bool = False) -> Stream | None:
        """Begin a stream with the whole view; None if there are too many already."""
        mine = sum(stream.asker.key == asker.key for topic in self._topics.values() for stream in topic.streams)
        if self.streams >= STREAMS_MAX or (asker.key and mine >= STREAMS_OF_A_SESSION_MAX):
            return None
        name = topic_of(asker, colleagues=colleagues)
        self._flush()
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = Topic(seen=self._view(name, self._floor()))
        stream = Stream(asker=asker, sink=sink, topic=name)
        topic.streams.append(stream)
        self._number += 1
        sink.write(self._event("view", topic.seen))
        if self._beat is None:
            self._beat = self._reactor.callLater(BEAT_S, self._beat_now)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream whose connection is gone."""
        topic = self._topics.get(stream.topic)
        if topic is not None and stream in topic.streams:
            topic.streams.remove(stream)
            if not topic.streams:
                del self._topics[stream.topic]

    def pause(self, stream: Stream) -> None:
        """Send nothing more for now: the reader does not take it."""
        if stream.slow_since is None:
            stream.slow_since = self._reactor.seconds()

    def resume(self, stream: Stream) -> None:
        """Go on, with the whole view, for deltas are missing."""
        if stream.slow_since is None:
            return
        stream.slow_since = None
        topic = self._topics.get(stream.topic)
        if topic is not None and stream in topic.streams:
            stream.sink.write(self._event("view", topic.seen))

    def stop(self) -> None:
        """End all streams; their readers will come back."""
        for call in (self._tick, self._beat):
            if call is not None and call.active():
                call.cancel()
        self._tick = self._beat = None
        for topic in list(self._topics.values()):
            for stream in list(topic.streams):
                stream.sink.finish()
        self._topics.clear()

    def changed(self) -> None:
        """Look again at the next tick: names, configuration or health are others."""
        self._schedule(TICK_S)

    # -- what happens

    def _happened(self, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
        self.remember(row)
        urgent = any(isinstance(effect, effects.Offer | effects.CancelOffer | effects.Bridge) for effect in asked)
        self._schedule(URGENT_S if urgent else TICK_S)

    def remember(self, row: api.Row) -> None:
        """Keep the calls that are over for the agents who finish them."""
        for kept in row.kept:
            if isinstance(kept, effects.CallFiled) and kept.cdr.agent:
                self._ended[kept.cdr.interaction] = self._over(kept.cdr)

    def _over(self, cdr: CDR) -> live.LiveCall:
        calls = (topic.seen.calls.get(cdr.interaction) for topic in self._topics.values())
        seen = next((call for call in calls if call is not None), None)
        return live.LiveCall(
            interaction=cdr.interaction,
            state=view.ENDED,
            since=cdr.ended,
            began=cdr.began,
            number=cdr.number,
            queue=cdr.queue,
            wait_us=cdr.wait_us,
            agent=cdr.agent,
            party=cdr.party,
            path=seen.path if seen else (),
        )

    def _schedule(self, wait_s: float) -> None:
        if not self._topics:
            return
        if self._tick is not None and self._tick.active():
            if self._tick.getTime() <= self._reactor.seconds() + wait_s:
                return
            self._tick.cancel()
        self._tick = self._reactor.callLater(wait_s, self._flush)

    def _flush(self) -> None:
        """Send what changed."""
        self._tick_over()
        self._send(even_if_nothing=False)

    def _beat_now(self) -> None:
        """Send at least the time, and drop who has been slow for too long."""
        self._beat = self._reactor.callLater(BEAT_S, self._beat_now) if self._topics else None
        limit = self._reactor.seconds() - SLOW_S
        for topic in list(self._topics.values()):
            for stream in list(topic.streams):
                if stream.slow_since is not None and stream.slow_since < limit:
                    self.close(stream)
                    stream.sink.abort()
                elif stream.asker.key:
                    self._use(stream.asker.key)
        self._tick_over()
        self._send(even_if_nothing=True)

    def _tick_over(self) -> None:
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        self._tick = None

    def _send(self, *, even_if_nothing: bool) -> None:
        if not self._topics:
            return
        floor = self._floor()
        for name, topic in self._topics.items():
            seen = self._view(name, floor)
            change = view.delta(topic.seen, seen)
            topic.seen = seen
            if view.is_empty(change) and not even_if_nothing:
                continue
            self._number += 1
            event = self._event("delta", change)
            for stream in topic.streams:
                if stream.slow_since is None:
                    stream.sink.write(event)

    def _event(self, name: str, seen: live.LiveView) -> bytes:
        return b"event: %s\nid: %d-%d\ndata: %s\n\n" % (
            name.encode(),
            self._hub.centre.state.boot,
            self._number,
            api.encode(seen),
        )

    # -- what is seen

    def _floor(self) -> live.LiveView:
        state = self._hub.centre.state
        finishing = {agent.state.interaction for agent in state.agents.values() if isinstance(agent.state, st.WrapUp)}
        self._ended = {key: call for key, call in self._ended.items() if key in finishing}
        parties = [call.party for call in self._ended.values()]
        parties += [interaction.party for interaction in state.interactions.values()]
        unknown = [party for party in parties if party not in self._parties.labels]
        if unknown:
            Deferred.fromCoroutine(self._learn(unknown))
        configuration, names = self._standing()
        labels = view.Labels(agents=names, parties=self._parties.labels)
        return msgspec.structs.replace(
            view.floor(state, configuration, labels, self._ended), now=self._hub.now, health=self._health()
        )

    def _view(self, name: str, floor: live.LiveView) -> live.LiveView:
        if name == FLOOR:
            return floor
        return view.colleagues(floor) if name == COLLEAGUES else view.desk(floor, name)

    async def _learn(self, parties: list[str]) -> None:
        if await self._parties.learn(parties):
            self._schedule(URGENT_S)

    def _use(self, key: str) -> None:
        Deferred.fromCoroutine(self._sessions.use(key)).addErrback(_not_noted)

    def _check(self) -> None:
        """End the streams of sessions that are over, or are now another person's or role's.

        Who sits at another agent's desk now comes back by itself; a page must not go away for that.
        """
        for topic in list(self._topics.values()):
            for stream in list(topic.streams):
                if not stream.asker.key or (asker := self._sessions.by_key(stream.asker.key)) == stream.asker:
                    continue
                self.close(stream)
                if asker is None or asker.role is not stream.asker.role:
                    stream.sink.write(b"event: signed-out\ndata: {}\n\n")
                stream.sink.finish()


def _not_noted(failure: Failure) -> None:
    report.failure("a session's use was not noted", failure)
