"""The E-model: how good a call sounds, from what the network does to it (ITU-T G.107, 06/2015).

R = Ro - Is - Id - Ie-eff + A, from 0 to 100, and from it the opinion that listeners would have on average (MOS).
Names are those of the recommendation. What the network does not change has the recommendation's default values: an
ordinary handset in an ordinary room, echo that the telephones suppress as they should. With a perfect network that is
R = 93.2 and MOS 4.41.
"""

import math
from dataclasses import dataclass

R_MAX = 100.0
MOS_MAX = 4.5
MOS_MIN = 1.0
DELAY_MS_MAX = 10_000.0
"A longer delay is taken for this one: nobody talks across ten seconds."

IE_G711 = 0.0
BPL_G711 = 4.3
"""G.711 without concealment of lost packets (ITU-T G.113, Appendix I, table I.3; it is the default of G.107 too).

A telephone that conceals them (25.1) sounds better than we say; that it does, nobody tells us.
"""

_SLR, _RLR, _STMR, _LSTR, _DS = 8.0, 2.0, 15.0, 18.0, 3.0
_TELR, _WEPL, _QDU = 65.0, 110.0, 1.0
_NC, _NFOR, _PS, _PR, _A = -70.0, -64.0, 35.0, 35.0, 0.0
_OLR = _SLR + _RLR
_MT_MS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How a call sounds."""

    r: float
    "The rating, 0 to 100."
    mos: float
    "Mean opinion score, 1 to 4.5."


def rate(*, delay_ms: float = 0.0, loss_percent: float = 0.0, bursts: float = 1.0) -> Quality:
    """Rate one direction of a call in G.711.

    `delay_ms` is from mouth to ear, `bursts` how much longer rows of lost packets are than by chance (BurstR). Figures
    that no network can have are taken for the nearest that one can, and what is no number for the worst.
    """
    delay = _within(delay_ms, 0.0, DELAY_MS_MAX)
    loss = _within(loss_percent, 0.0, 100.0)
    burst = _within(bursts, 1.0, 100.0, worst=100.0)
    r = _RO - _is() - _id(delay) - ie_eff(loss, burst) + _A
    r = _within(r, 0.0, R_MAX)
    return Quality(r=r, mos=mos_of(r))


def mos_of(r: float) -> float:
    """Give the mean opinion score of a rating (G.107, annex B); below R = 6.5 the cubic would fall under 1."""
    if r <= 0:
        return MOS_MIN
    if r >= R_MAX:
        return MOS_MAX
    return max(MOS_MIN, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def ie_eff(loss_percent: float, bursts: float = 1.0, ie: float = IE_G711, bpl: float = BPL_G711) -> float:
    """Tell what lost packets cost (G.107, formula 7-29)."""
    return ie + (95 - ie) * loss_percent / (loss_percent / bursts + bpl)


def _within(value: float, low: float, high: float, *, worst: float | None = None) -> float:
    """Give the nearest value of a range; what is no number is its high end, or `worst`."""
    if math.isnan(value):
        return high if worst is None else worst
    return min(max(value, low), high)


# -- the basic signal-to-noise ratio


def _noise() -> float:
    """No: all noise as the far end's at the 0 dBr point (7-3 to 7-7)."""
    nos = _PS - _SLR - _DS - 100 + 0.004 * (_PS - _OLR - _DS - 14) ** 2
    pre = _PR + 10 * math.log10(1 + 10 ** ((10 - _LSTR) / 10))
    nor = _RLR - 121 + pre + 0.008 * (pre - 35) ** 2
    nfo = _NFOR + _RLR
    return 10 * math.log10(sum(10 ** (level / 10) for level in (_NC, nos, nor, nfo)))


_NO = _noise()
_RO = 15 - 1.5 * (_SLR + _NO)


# -- what comes at the same time as the voice


def _is() -> float:
    """Is: too loud a connection, sidetone, quantizing (7-8 to 7-17); T is 0, for no echo comes within the sidetone."""
    xolr = _OLR + 0.2 * (64 + _NO - _RLR)
    iolr: float = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8)
    stmro = -10 * math.log10(10 ** (-_STMR / 10) + 10 ** (-_TELR / 10))
    ist: float = 12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8)
    ist -= 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35)
    ist -= 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13)
    q = 37 - 15 * math.log10(_QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    y = (_RO - 100) / 15 + 46 / 8.4 - g / 9
    z = 46 / 30 - g / 40
    iq = 15 * math.log10(1 + 10**y + 10**z)
    return iolr + ist + 29 + iq


# -- what delay does


def _id(delay_ms: float) -> float:
    """Id: the talker's echo, the listener's, and the delay itself, which is the same one way for all three."""
    return _talker_echo(delay_ms) + _listener_echo(2 * delay_ms) + _too_late(delay_ms)


def _talker_echo(delay_ms: float) -> float:
    """Idte (7-19 to 7-22), for a sidetone between 9 and 20 dB."""
    t = delay_ms
    terv = _TELR - 40 * math.log10((1 + t / 10) / (1 + t / 150)) + 6 * math.exp(-0.3 * t * t)
    roe = -1.5 * (_NO - _RLR)
    half = (roe - (80 + 2.5 * (terv - 14))) / 2
    return (half + math.sqrt(half * half + 100) - 1) * (1 - math.exp(-t))


def _listener_echo(round_trip_ms: float) -> float:
    """Idle (7-25, 7-26)."""
    rle: float = 10.5 * (_WEPL + 7) * (round_trip_ms + 1) ** -0.25
    half = (_RO - rle) / 2
    return half + math.sqrt(half * half + 169)


def _too_late(delay_ms: float) -> float:
    """Idd (7-27, 7-28), for the default sensitivity: nothing up to 100 ms."""
    if delay_ms <= _MT_MS:
        return 0.0
    x = math.log2(delay_ms / _MT_MS)
    cost: float = 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    return cost
