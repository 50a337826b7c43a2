"""Say what routing is to know of a caller: class, priority, who looks after them, whether they are refused."""

import click

from appliance import api
from appliance.commands._box import ask, box, out
from appliance.texts import here, said
from appliance.words import problem_text


@click.command()
@click.argument("party")
@click.option("--class", "grade", help="Customer class, one of the company's; empty for none.")
@click.option("--priority", type=click.IntRange(0, 9), help="1 is served first; 0 for none of one's own.")
@click.option("--agent", help="Who looks after the caller; empty for nobody.")
@click.option("--block/--unblock", "blocked", default=None, help="Whether calls are refused.")
def command(party: str, grade: str | None, priority: int | None, agent: str | None, *, blocked: bool | None) -> None:
    """Let routing know of PARTY, a party's id or a number, which need not have called yet.

    What is not given stays as it is. It holds from the next call on.
    """
    request = api.SetParty(party=party, grade=grade, priority=priority, preferred=agent, blocked=blocked)
    reply = ask(box(), request)
    if reply.problems:
        problem = problem_text(here(), reply.problems[0])
        raise click.ClickException(said("{party} was not changed: {problem}", party=party, problem=problem))
    out().print(said("Changed."))
