"""A company on telephone cards: every signalling once, and one line out of service."""

from appliance.api import Equipment
from appliance.core import model


def a_span(**other: object) -> model.Span:
    """Give a span, an E1 of PRI if nothing else is said."""
    usual = {"slug": "pri", "card": "@Board ID Switch 1", "number": 1, "first": 1, "channels": 31}
    return model.Span(**(usual | other))  # type: ignore[arg-type]  # what differs


SPANS = (
    a_span(out=(31,)),
    a_span(slug="qsig", port=2, number=2, first=32, network=True, switch="qsig", timing=0, crc4=False, echo="oslec"),
    a_span(slug="t1", card="1TE235-0000001", number=3, first=63, channels=24, line="t1", switch="national", timing=2),
    a_span(
        slug="copper",
        card="@PCI Bus 04 Slot 03",
        number=4,
        first=87,
        channels=8,
        line="analogue",
        signalling="analogue",
        country="uk",
        fxs="1-4",
        fxo="5,7-8",
        out=(2,),
    ),
    a_span(slug="r2", card="DYN/loc/3:0", number=5, first=95, signalling="r2", variant="br", country="br"),
    a_span(
        slug="ss7",
        card="DYN/loc/4:0",
        number=6,
        first=126,
        signalling="ss7",
        point_code=1,
        adjacent=2,
        echo="",
    ),
    a_span(slug="em", card="1TE235-0000001", port=2, number=7, first=157, channels=24, line="t1", signalling="em"),
)
TRUNKS = (
    model.Trunk(slug="carrier", host="192.0.2.1"),
    model.Trunk(slug="city", channels=("pri", "t1/1-12"), group=1),
    model.Trunk(slug="pbx", channels=("qsig",), group=2, hunt="round_robin"),
    model.Trunk(slug="copper-lines", channels=("copper",), group=3, number="5551000"),
    model.Trunk(slug="abroad", channels=("r2", "ss7", "em"), group=31),
)
PHONES = (
    model.Extension(slug="201", agent="anna", line="copper/1"),
    model.Extension(slug="202", outside=False, line="copper/2"),
    model.Extension(slug="301"),
)


def company(**other: object) -> model.Configuration:
    """Give the configuration."""
    usual = {
        "spans": SPANS,
        "trunks": TRUNKS,
        "extensions": PHONES,
        "numbers": (model.Number(slug="5551000", flow="main"),),
        "agents": (model.Agent(slug="anna", extension="201"),),
        "flows": (model.Flow(slug="main", nodes=(model.Node(id="end", kind="hang_up"),)),),
    }
    return model.Configuration(**(usual | other))  # type: ignore[arg-type]  # what differs


def equipment(name: str = "Anna", **other: object) -> Equipment:
    """Give it with what a driver needs beside."""
    return Equipment(configuration=company(**other), names={"anna": name}, secrets={})
