"""The one page that a start prints: address, sign-ins, SIP accounts, numbers to dial."""

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from appliance.overview import Overview, Way
from appliance.places import Places
from boot.certificate import fingerprint


def show(overview: Overview, places: Places, console: Console, *, ready_s: float) -> None:
    """Print it."""
    console.print()
    console.print(f"[bold]{escape(overview.company or 'Switchroom')}[/] takes calls, {ready_s:.1f} s after the start.")
    console.print(f"  Console    [bold]{overview.address}[/]")
    console.print(f"  SHA-256    {fingerprint(places.certificate)}", style="dim")
    console.print(f"  SIP        {overview.sip.host}:{overview.sip.port} UDP and TCP")
    if overview.sample:
        console.print(f"  Passwords  made by chance, kept in {places.sign_ins}")
    console.print()
    console.print(_sign_ins(overview))
    console.print(_accounts(overview))
    console.print(_numbers(overview))
    console.print("Ctrl-C or `switchroom stop` stops it. Try it: `switchroom selftest`.")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _sign_ins(overview: Overview) -> Table:
    table = _table("Sign-ins", "person", "password", "role", "name")
    for entry in overview.sign_ins:
        table.add_row(entry.person, entry.password or "(yours)", entry.role, escape(entry.name))
    return table


def _accounts(overview: Overview) -> Table:
    table = _table("SIP accounts", "user", "password", "agent", "workgroups")
    shown = overview.sample
    for account in overview.accounts:
        password = account.password if shown else "(set up → people)"
        table.add_row(account.extension, password, escape(account.name), ", ".join(account.queues))
    return table


def _numbers(overview: Overview) -> Table:
    table = _table("Numbers to dial", "number", "key", "leads to", "title")
    for number in overview.numbers:
        table.add_row(number.number, "", _leads(number.way), escape(f"{number.title} ({number.language})"))
        for key, way in number.keys.items():
            table.add_row("", key, _leads(way), escape(way.says))
    return table


def _leads(way: Way) -> str:
    if way.queue:
        return f"workgroup {way.queue}"
    if way.extension or way.outside:
        return f"phone {way.extension or way.outside}"
    return {"menu": "menu", "hours": "by opening hours", "hang_up": "goodbye"}.get(way.ends, "end")
