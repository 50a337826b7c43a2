"""Show the technician's menu, for a serial console or a terminal at the box."""

import signal
import sys
from io import FileIO

import click

from appliance.commands._box import box
from appliance.commands._menu import Menu
from appliance.texts import here


@click.command()
def command() -> None:
    """Show the menu of a technician: address, status, test call, lines, network reset, restart. Never a shell."""
    for number in (signal.SIGTSTP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    menu = Menu(places=box(), typed=FileIO(sys.stdin.fileno(), closefd=False), out=sys.stdout, language=here().language)
    while True:
        try:
            menu.run()
        except KeyboardInterrupt:
            continue
        return
