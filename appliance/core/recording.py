"""Which calls are recorded."""

from appliance.core.model import Queue


def is_recorded(queue: Queue) -> bool:
    """Whether a call that enters the queue is recorded from its first bridge on."""
    return queue.recorded
