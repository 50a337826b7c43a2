"""The one page that a start prints: address, sign-ins, SIP accounts, numbers to dial."""

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from appliance import first_boot
from appliance.overview import Overview, Way
from appliance.places import Places
from appliance.texts import marked, said
from appliance.words import ROLES
from boot.certificate import fingerprint

ENDS = {"menu": marked("menu"), "hours": marked("by opening hours"), "hang_up": marked("goodbye")}
END = marked("end")


def show(overview: Overview, places: Places, console: Console, *, ready_s: float) -> None:
    """Print it; of a box that nobody administers yet only where and by which code that is done."""
    first = first_boot.read(places.first_boot) if not places.sample else None
    if first is not None and first.is_open:
        _first_boot(first, overview, places, console)
        return
    console.print()
    company = f"[bold]{escape(overview.company or 'Switchroom')}[/]"
    console.print(
        said("{company} takes calls, {seconds} s after the start.", company=company, seconds=f"{ready_s:.1f}")
    )
    sip = f"{overview.sip.host}:{overview.sip.port}"
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_row(said("Console"), f"[bold]{overview.address}[/]")
    grid.add_row("SHA-256", fingerprint(places.certificate), style="dim")
    grid.add_row("SIP", said("{address} UDP and TCP", address=sip))
    if overview.sample:
        grid.add_row(said("Passwords"), said("made by chance, kept in {file}", file=escape(str(places.sign_ins))))
    console.print(grid)
    console.print()
    console.print(_sign_ins(overview))
    console.print(_accounts(overview))
    console.print(_numbers(overview))
    console.print(said("Ctrl-C or `switchroom stop` stops it. Try it: `switchroom selftest`."))


def _first_boot(first: first_boot.FirstBoot, overview: Overview, places: Places, console: Console) -> None:
    console.print()
    console.print(said("This box is new: open its console and set it up."))
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_row(said("Console"), f"[bold]{overview.address}[/]")
    grid.add_row(said("Set-up code"), f"[bold]{first.shown_code}[/]")
    grid.add_row("SHA-256", fingerprint(places.certificate), style="dim")
    console.print(grid)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _sign_ins(overview: Overview) -> Table:
    table = _table(said("Sign-ins"), said("person"), said("password"), said("role"), said("name"))
    for entry in overview.sign_ins:
        role = said(ROLES.get(entry.role, entry.role))
        table.add_row(entry.person, entry.password or said("(yours)"), role, escape(entry.name))
    return table


def _accounts(overview: Overview) -> Table:
    table = _table(said("SIP accounts"), said("user"), said("password"), said("agent"), said("workgroups"))
    shown = overview.sample
    for account in overview.accounts:
        password = account.password if shown else said("(set up → people)")
        table.add_row(account.extension, password, escape(account.name), ", ".join(account.queues))
    return table


def _numbers(overview: Overview) -> Table:
    table = _table(said("Numbers to dial"), said("number"), said("key"), said("leads to"), said("title"))
    for number in overview.numbers:
        table.add_row(number.number, "", _leads(number.way), escape(f"{number.title} ({number.language})"))
        for key, way in number.keys.items():
            table.add_row("", key, _leads(way), escape(way.says))
    return table


def _leads(way: Way) -> str:
    if way.queue:
        return said("workgroup {queue}", queue=way.queue)
    if way.extension or way.outside:
        return said("phone {number}", number=way.extension or way.outside)
    return said(ENDS.get(way.ends, END))
