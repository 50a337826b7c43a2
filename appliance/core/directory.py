"""The configuration that holds, indexed."""

from dataclasses import dataclass

from appliance.core import model
from appliance.core.plugins import NodeKind, Strategy, all_strategies, node_kinds, options_of


@dataclass(frozen=True, slots=True)
class BoundNode:
    """A node with its kind and its options."""

    node: model.Node
    kind: NodeKind
    options: object


@dataclass(frozen=True, slots=True)
class BoundQueue:
    """A queue with its strategy and the strategy's options."""

    queue: model.Queue
    strategy: Strategy
    options: object


class Directory:
    """What the machines look up; made once a version. Raises `msgspec.ValidationError` on options that do not fit."""

    def __init__(self, configuration: model.Configuration) -> None:
        """Index a configuration that was checked before it was published."""
        self.company = configuration.company
        self.numbers = model.by_slug(configuration.numbers)
        self.agents = model.by_slug(configuration.agents)
        self.flows = model.by_slug(configuration.flows)
        self.breaks = model.by_slug(configuration.breaks)
        self.dispositions = model.by_slug(configuration.dispositions)
        self.opening = {hours.slug: hours.opening for hours in configuration.hours}
        self.queues = {
            queue.slug: BoundQueue(
                queue,
                all_strategies()[queue.strategy],
                options_of(all_strategies()[queue.strategy], queue.strategy_options),
            )
            for queue in configuration.queues
        }
        self._nodes = {
            (flow.slug, node.id): BoundNode(
                node, node_kinds()[node.kind], options_of(node_kinds()[node.kind], node.options)
            )
            for flow in configuration.flows
            for node in flow.nodes
        }
        self.agents_at = {agent.extension: agent.slug for agent in configuration.agents}

    def node(self, flow: str, node: str) -> BoundNode | None:
        """Find a node; None if the flow or the node is gone."""
        return self._nodes.get((flow, node))

    def queue_node(self, flow: str, queue: str) -> str:
        """Find the node of a flow at which callers wait in a queue; empty if there is none."""
        if flow not in self.flows:
            return ""
        return next(
            (n.id for n in self.flows[flow].nodes if n.kind == "queue" and n.options.get("queue") == queue),
            "",
        )
