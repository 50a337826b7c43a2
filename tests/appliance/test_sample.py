"""The sample company is whole: what the issue of a first box needs, in both languages."""

from appliance import sample
from appliance.core.check import check

COMPANY = sample.document(trunk_host="127.0.0.1", trunk_port=8090)


def test_it_has_what_a_first_call_needs() -> None:
    """One trunk on loopback, three numbers, two queues, ten agents with phones, a supervisor, an administrator."""
    configuration = COMPANY.configuration
    assert [(trunk.host, trunk.accept) for trunk in configuration.trunks] == [("127.0.0.1", ("127.0.0.1",))]
    assert len(configuration.numbers) == 3
    assert len(configuration.queues) == 2
    assert len(configuration.agents) == len({agent.extension for agent in configuration.agents}) == 10
    assert {agent.extension for agent in configuration.agents} < {phone.slug for phone in configuration.extensions}
    assert sorted(person.role for person in COMPANY.people) == ["administrator", *["agent"] * 10, "supervisor"]
    assert {agent for queue in configuration.queues for agent in queue.agents} == {
        agent.slug for agent in configuration.agents
    }


def test_every_prompt_is_there_in_both_languages() -> None:
    """And every prompt that a flow or a workgroup names exists."""
    prompts = {prompt.slug: prompt for prompt in COMPANY.configuration.prompts}
    assert all(set(prompt.texts) == {"en", "zh"} and all(prompt.texts.values()) for prompt in prompts.values())
    named = {
        node.options[key]
        for flow in COMPANY.configuration.flows
        for node in flow.nodes
        for key in ("prompt", "invalid")
        if key in node.options
    }
    for queue in COMPANY.configuration.queues:
        said = (queue.waiting.welcome, *queue.waiting.sounds)
        promised = (queue.callback.accepted, queue.callback.confirm) if queue.callback else ()
        named |= {slug for slug in (*said, *promised) if slug}
    assert named == set(prompts)


def test_it_shows_the_acd_at_work() -> None:
    """Skills with levels, needs that relax, an overflow, a key for a callback, expected waits; fit to publish."""
    configuration = COMPANY.configuration
    levels = [set(agent.skills.values()) for agent in configuration.agents]
    assert all(levels)
    assert len(set().union(*levels)) > 4
    assert {need.skill for queue in configuration.queues for need in queue.requirement} == {"gear", "repairs"}
    assert all(need.relax_s for queue in configuration.queues for need in queue.requirement)
    assert [rule.when for queue in configuration.queues for rule in queue.overflow] == ["wait"]
    for queue in configuration.queues:
        assert queue.waiting.expected_wait
        assert queue.waiting.position
        assert queue.waiting.callback_key
        assert queue.callback is not None
    assert check(configuration) == ()


def test_nothing_in_it_is_secret() -> None:
    """No password, default or otherwise, is in the document."""
    assert "password" not in str(COMPANY).lower()
