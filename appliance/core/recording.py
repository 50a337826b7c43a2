"""Which calls are recorded."""

from appliance.core import state as st
from appliance.core.model import Queue


def is_recorded(state: st.State, queue: Queue) -> bool:
    """Whether a call that enters the queue now is recorded from its first bridge on."""
    return queue.recorded and not state.unrecorded
