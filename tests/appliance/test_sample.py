"""The sample company is whole: what the issue of a first box needs, in both languages."""

from appliance import sample

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
    """And every prompt that a flow names exists."""
    prompts = {prompt.slug: prompt for prompt in COMPANY.configuration.prompts}
    assert all(set(prompt.texts) == {"en", "zh"} and all(prompt.texts.values()) for prompt in prompts.values())
    named = {
        node.options[key]
        for flow in COMPANY.configuration.flows
        for node in flow.nodes
        for key in ("prompt", "invalid")
        if key in node.options
    }
    assert named == set(prompts)


def test_nothing_in_it_is_secret() -> None:
    """No password, default or otherwise, is in the document."""
    assert "password" not in str(COMPANY).lower()
