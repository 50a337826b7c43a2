"""Which calls are recorded, and why one is not, or not to its end."""

from collections.abc import Callable

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.cdr import Stretch, Unrecorded
from appliance.core.facts import RecordingsHalted
from appliance.core.model import Queue
from appliance.core.turn import Turn


def enter(state: st.State, interaction: st.Interaction, queue: Queue, mint: Callable[[], int]) -> None:
    """Decide, where a call enters a queue, whether it is recorded from its next bridge on; `mint` makes a number.

    What is being recorded goes on being, whatever queue it comes to, and what was cut stays so.
    """
    if interaction.recording:
        return
    why = Unrecorded.POLICY if not queue.recorded else Unrecorded.DISK if state.unrecorded else None
    if why is None:
        interaction.recording = f"{state.boot:06d}-{mint():08d}"
    if interaction.unrecorded is None or not _has_talked(interaction):
        interaction.unrecorded = why


def is_running(interaction: st.Interaction) -> bool:
    """Whether what is said from here on is recorded."""
    return bool(interaction.recording) and interaction.unrecorded is not Unrecorded.CUT


def stop(turn: Turn, interaction: st.Interaction) -> None:
    """Record no more of a call, for want of room; what was said before is kept."""
    if not is_running(interaction):
        return
    turn.touch(interaction.id)
    if _has_talked(interaction):
        interaction.unrecorded = Unrecorded.CUT
    else:
        interaction.recording, interaction.unrecorded = "", Unrecorded.DISK
    stop_again(turn, interaction)


def stop_again(turn: Turn, interaction: st.Interaction) -> None:
    """Say once more to an exchange, which may not have heard it, what is not to be recorded for want of room."""
    if interaction.unrecorded in {Unrecorded.CUT, Unrecorded.DISK} and interaction.leg.uniqueid:
        turn.ask(ask.StopRecording(leg=interaction.leg))


def halt(state: st.State, turn: Turn, fact: RecordingsHalted) -> None:
    """Begin no recording, or begin again; and stop those that run, if there is no room even for them."""
    state.unrecorded = fact.halted
    if fact.running:
        for interaction in state.interactions.values():
            stop(turn, interaction)


def failed(interaction: st.Interaction | None, *, late: bool) -> None:
    """Take in that the exchange does not record a call: there is no recording under this id, unless one has begun."""
    if interaction is not None and is_running(interaction):
        interaction.recording = ""
        interaction.unrecorded = Unrecorded.LATE if late else Unrecorded.FAILED


def _has_talked(interaction: st.Interaction) -> bool:
    talking = isinstance(interaction.state, st.Connected)
    return talking or any(segment.stretch is Stretch.TALKING for segment in interaction.segments)
