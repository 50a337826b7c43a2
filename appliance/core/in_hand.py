"""In hand: the contacts beside calls that agents have, counted apart from the Centre, and whether a call fits too.

What an agent was given by another medium is a fact, however much it is; what the Centre decides has to fit.
"""

from collections.abc import Callable, Iterable

from appliance.core import facts
from appliance.core.centre import Centre
from appliance.core.directory import Directory
from appliance.core.rules import Rule
from appliance.core.task import Task


class InHand:
    """What agents have in hand beside calls."""

    def __init__(self, centre: Centre, wrong: Callable[[Rule, str, str], None]) -> None:
        """Begin with what the Centre remembers; `wrong` is told of what does not hold."""
        self._centre = centre
        self._wrong = wrong
        self.begin()

    def begin(self) -> None:
        """Begin again."""
        agents = self._centre.state.agents.items()
        self._tasks: dict[str, dict[str, Task]] = {slug: dict(agent.tasks) for slug, agent in agents if agent.tasks}

    def hear(self, fact: facts.AnyFact) -> None:
        """Note what a fact says of contacts."""
        match fact:
            case facts.ContactTaken(agent=slug, contact=contact, medium=medium) if slug in self._centre.state.agents:
                directory = self._centre.directory
                rule = directory.company.media.get(medium)
                units = rule.units if rule is not None else 0
                self._tasks.setdefault(slug, {})[contact] = Task(medium, units or directory.units(slug))
            case facts.ContactDone(agent=slug, contact=contact):
                self._tasks.get(slug, {}).pop(contact, None)
            case _:
                pass

    def chosen(self, slug: str) -> None:
        """Judge the choice of an agent for a call."""
        tasks = self._tasks.get(slug, {}).values()
        if not has_room(self._centre.directory, slug, tasks):
            self._wrong(Rule.CAPACITY, slug, f"is offered a call beside {len(tasks)} contacts")

    def agree(self, slug: str) -> None:
        """Hold what the Centre believes that an agent has in hand against our own count."""
        agent, tasks = self._centre.state.agents.get(slug), self._tasks.get(slug, {})
        if agent is not None and (agent.tasks != tasks or agent.load != sum(task.units for task in tasks.values())):
            self._wrong(Rule.CAPACITY, slug, f"is taken to bear {agent.load} units in {len(agent.tasks)} contacts")


def has_room(directory: Directory, slug: str, tasks: Iterable[Task]) -> bool:
    """Whether a call fits beside some contacts that an agent has in hand."""
    company, units = directory.company, directory.units(slug)
    rule = company.media.get("voice")
    if rule is None and company.voice_alone:
        return not list(tasks)
    needed, beside = (rule.units or units, rule.beside) if rule is not None else (1, ("*",))
    fits = "*" in beside or all(task.medium in beside for task in tasks)
    return fits and needed + sum(task.units for task in tasks) <= units
