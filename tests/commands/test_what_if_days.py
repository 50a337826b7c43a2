"""Days that are lived again: what came from outside comes again, and who is added or stays away is like the others."""

import json
from pathlib import Path

from click.testing import CliRunner

from appliance.commands import what_if
from appliance.commands._change import Change
from appliance.commands._day import Day, Reading
from appliance.commands._people import Lasting
from appliance.commands._recorded import save
from appliance.commands._trial import Trial
from appliance.core import facts, model
from appliance.core.cdr import CDR, Outcome, Stretch
from appliance.replay import Recorded
from tests.commands.recorded import journal_of
from tests.core.callbacks import a_callback, confirms, the_customer
from tests.core.world import SECOND, World, a_company, a_flow, a_queue

WAIT = model.Node(id="wait", kind="queue", options={"queue": "support"})
SLUGS = ("ann", "bob", "cid")


def a_world(**queue: object) -> World:
    """Open a company of three agents whose callers wait at once."""
    return World(
        a_company(
            a_queue(**({"agents": SLUGS, "wrap_up_s": 5, "requirement": (NEED,)} | queue)),
            flow=a_flow(WAIT),
            agents=tuple(
                model.Agent(slug=slug, extension=f"10{n}", skills={"french": 5}) for n, slug in enumerate(SLUGS)
            ),
            extensions=tuple(model.Extension(slug=f"10{n}", agent=slug) for n, slug in enumerate(SLUGS)),
        )
    )


NEED = model.Need(skill="french", level=3)


def serve(world: World, extension: str, talk_s: float = 30) -> None:
    """Let the phone that rings be answered after three seconds, and the conversation last."""
    world.run(3)
    line = world.ringing(extension)
    world.exchange.pick_up(line)
    world.run(talk_s)
    assert line.partner is not None
    world.exchange.end(line.partner)
    world.run(10)


def a_day(world: World, *, begin_at: int = 0) -> tuple[Recorded, Day]:
    """Give the journal of a world, and what is read out of it."""
    recorded = journal_of(world.versions, world.facts, begin_at=begin_at)
    day, done = Reading(recorded, 0, 0).read()
    assert done.difference is None
    return recorded, day


def lived(recorded: Recorded, day: Day, **change: object) -> list[CDR]:
    """Live through a day again."""
    return Trial(day, recorded.configurations, 1, Change(**change)).run()  # type: ignore[arg-type]  # what is different


def stretches(record: CDR) -> list[tuple[Stretch, Outcome | None, int]]:
    """Tell a record's segments, in whole seconds."""
    return [(one.stretch, one.outcome, round((one.until - one.since) / SECOND)) for one in record.segments]


def test_nobody_is_added_before_the_first_shift_begins() -> None:
    """An agent who is added comes and goes as one who worked, with the same breaks and skills."""
    world = a_world()
    early = world.call(key="")
    world.run(300)
    world.exchange.end(early.leg)
    world.run(1)
    world.sign_on("ann")
    shift_began = world.clock.now
    for _ in range(3):
        world.call(key="")
        serve(world, "100")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    world.call(key="")
    world.run(60)
    recorded, day = a_day(world)
    assert day.worked == {"ann"}
    for records in (lived(recorded, day), lived(recorded, day, agents=2)):
        assert records[0].outcome is Outcome.ABANDONED
        answered = [record for record in records if record.outcome is Outcome.ANSWERED]
        assert len(answered) == 3
        assert all(record.began > shift_began - 2 * SECOND for record in answered)


def test_who_was_there_when_the_stretch_began_is_there() -> None:
    """From a snapshot: at work, on a break, with a dead phone."""
    world = a_world()
    world.sign_on("ann", "bob", "cid")
    world.command(facts.TakeBreak, "bob", reason="lunch")
    world.exchange.see("102", reachable=False)
    begin_at = len(world.facts)
    for _ in range(2):
        world.call(key="")
        serve(world, "100")
    recorded, day = a_day(world, begin_at=begin_at)
    assert recorded.snapshot
    assert day.worked == {"ann", "bob", "cid"}
    assert [record.agent for record in lived(recorded, day)] == ["ann", "ann"]


def test_who_stays_away_did_work() -> None:
    """Of three two stay away, whom each trial draws; nobody who was not there anyhow."""
    world = a_world()
    world.sign_on("ann", "bob")
    for _ in range(2):
        world.call(key="")
        serve(world, "100")
        world.call(key="")
        serve(world, "101")
    recorded, day = a_day(world)
    who = set()
    for seed in range(8):
        records = Trial(day, recorded.configurations, seed, Change(agents=-1)).run()
        (agent,) = {record.agent for record in records if record.agent}
        who.add(agent)
    assert who == {"ann", "bob"}


def test_skills_of_the_agents_who_are_added() -> None:
    """As of whom they are like, unless others are given: without French nobody is offered a caller who needs it."""
    world = a_world()
    world.sign_on("ann")
    for _ in range(3):
        world.call(key="")
    for _ in range(3):
        serve(world, "100")
    recorded, day = a_day(world)
    assert {record.agent for record in lived(recorded, day, agents=2)} == {"ann", "what-if-1", "what-if-2"}
    assert {record.agent for record in lived(recorded, day, agents=2, skills={"french": 1})} == {"ann"}


def test_who_was_called_back_is_called_back_again() -> None:
    """The key in the music, the promise, the call and the confirmation."""
    world = a_world(waiting=model.WaitingCaller(callback_key="1"), callback=a_callback())
    line = world.call(key="")
    world.run(20)
    world.exchange.press(line, "1")
    world.run(30)
    world.sign_on("ann")
    phone = world.ringing("100")
    world.exchange.pick_up(phone)
    world.run(3)
    confirms(world, the_customer(world))
    world.run(40)
    assert phone.partner is not None
    world.exchange.end(phone.partner)
    world.run(10)
    recorded, day = a_day(world)
    assert day.dials == [True]
    (was,) = day.records
    (again,) = lived(recorded, day)
    assert again.medium == was.medium == "callback"
    assert (Stretch.WAITING, Outcome.CALLBACK, 20) in stretches(was)
    assert (Stretch.WAITING, Outcome.CALLBACK, 20) in stretches(again)
    assert stretches(again)[-1] == stretches(was)[-1]


def test_who_was_sent_on_is_sent_on_again() -> None:
    """To another agent, after the same conversation."""
    world = a_world()
    world.sign_on("ann")
    world.call(key="")
    world.run(3)
    world.exchange.pick_up(world.ringing("100"))
    world.run(30)
    interaction = world.ringing_or_talking("ann")
    world.sign_on("bob")
    world.command(facts.TransferCall, "ann", interaction=interaction, to=facts.Target(agent="bob"))
    serve(world, "101")
    recorded, day = a_day(world)
    (was,) = day.records
    (again,) = lived(recorded, day)
    talks = [
        (one.agent, round((one.until - one.since) / SECOND)) for one in was.segments if one.stretch is Stretch.TALKING
    ]
    assert len(talks) == 2
    assert talks == [
        (one.agent, round((one.until - one.since) / SECOND)) for one in again.segments if one.stretch is Stretch.TALKING
    ]


def test_patience_beyond_what_was_seen_ends_as_often_as_on_the_day() -> None:
    """Exponentially from the longest that was seen on; never, where nothing says how."""
    lasting = Lasting((10,), (0.5,), 20, 0.1)
    assert [lasting.draw(luck) for luck in (0.9, 0.5)] == [10, 10]
    assert [lasting.draw(luck) for luck in (0.25, 0.125)] == [27, 34]
    assert [lasting.draw(luck, 100) for luck in (0.5, 0.25)] == [107, 114]
    assert Lasting((10,), (0.5,), 20).draw(0.25) is None


# -- the command


def run(path: Path, *argv: str) -> tuple[int, str]:
    """Run the command."""
    done = CliRunner().invoke(what_if.command, [str(path), *argv])
    return done.exit_code, done.output


def a_file(tmp_path: Path, *, calls: int = 3) -> Path:
    """Write down a short day of one agent."""
    world = a_world()
    world.sign_on("ann")
    for _ in range(calls):
        world.call(key="")
        serve(world, "100")
    path = tmp_path / "day.journal"
    save(journal_of(world.versions, world.facts), path)
    return path


def test_what_the_company_or_the_day_has_not_is_refused(tmp_path: Path) -> None:
    """In one line that says what there is."""
    path = a_file(tmp_path)
    refusals = {
        ("--queue", "sales"): "there is no workgroup sales; there are support",
        ("--agents", "1", "--skill", "latin:3"): "there is no skill latin; there are french",
        ("--skill", "french:3"): "--skill is of the agents who are added",
        ("--agents", "-2"): "1 worked on that day; 2 cannot stay away",
        ("--agents", "-2", "--queue", "support"): "1 worked in support on that day; 2 cannot stay away",
    }
    for argv, words in refusals.items():
        code, said = run(path, *argv)
        assert (code, words in said) == (1, True), said
    for argv in (("--skill", "french:10"), ("--agents", "9999"), ("--strategy", "none")):
        assert run(path, *argv)[0] == 2


def test_a_day_that_shows_little_says_so(tmp_path: Path) -> None:
    """In words below the figures, and in JSON; what is impossible to tell is refused."""
    path = a_file(tmp_path)
    code, said = run(path, "--agents", "+1", "--seeds", "2")
    assert code == 0, said
    assert "only 3 calls" in said.replace("\n", " ")
    assert "Nobody gave up" in said.replace("\n", " ")
    told = json.loads(run(path, "--agents", "+1", "--seeds", "2", "--json")[1])
    assert (told["calls"], told["seeds"], told["band_percent"], len(told["notes"])) == (3, 2, 33, 2)
    code, said = run(a_file(tmp_path, calls=0), "--agents", "+1")
    assert (code, "nobody called on that day" in said) == (1, True)


def test_a_day_whose_calls_came_to_no_workgroup_is_refused(tmp_path: Path) -> None:
    """There is nothing to compare."""
    world = World()
    world.sign_on("ann")
    line = world.call(key="")
    world.exchange.end(line.leg)
    world.run(1)
    path = tmp_path / "day.journal"
    save(journal_of(world.versions, world.facts), path)
    assert run(path)[0] == 1
    assert "no call came to a workgroup on that day" in run(path)[1]
    assert "no call came to support on that day" in run(path, "--queue", "support")[1]
