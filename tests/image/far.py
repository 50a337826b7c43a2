"""The other side of the box's wires: an exchange of its own with cards alone, in the same machine.

It is the network at the far end of a PRI and of an exchange line, and the telephones on analogue ports. What its people
do is a dialplan: they press a key, speak a tone, and keep what they hear.
"""

import subprocess

from drivers.robot.sound import TONES

HOME = "/run/trial"
CALLER_HZ, AGENT_HZ, CALLED_HZ, DIALLING_HZ = TONES[0], TONES[1], TONES[4], TONES[7]
MODULES = (
    "pbx_config", "chan_dahdi", "codec_ulaw", "codec_alaw", "app_dial", "app_senddtmf", "app_playtones",
    "app_mixmonitor", "format_wav", "app_originate", "bridge_simple", "func_callerid", "func_db",
)  # fmt: skip
FOLDERS = ("astetcdir", "astvarlibdir", "astdbdir", "astkeydir", "astspooldir", "astrundir", "astlogdir", "astcachedir")
KEY_S = 8
"After which a caller presses the key: into the menu."
TALK_S = 12
FILES = {
    "asterisk.conf": "[directories]\n" + "".join(f"{name} => {HOME}\n" for name in FOLDERS)
    + "astdatadir => /usr/share/asterisk\n",
    "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in MODULES),
    "chan_dahdi.conf": (
        "[channels]\nswitchtype = euroisdn\nresetinterval = never\n"
        "signalling = pri_net\ncontext = called\ngroup = 1\nchannel => 32-46,48-62\n"
        "signalling = fxs_ks\ncontext = telephone\ngroup = 2\nchannel => 71-72\n"
        "signalling = fxo_ks\ncontext = called\ngroup = 3\nchannel => 73-74\n"
    ),
    "extensions.conf": (
        "[out]\nexten => _X.,1,Set(CALLERID(num)=${EXTEN:4})\n"
        " same => n,Dial(DAHDI/g1/${EXTEN:0:4},60)\n same => n,Hangup()\n"
        f"[caller]\nexten => _X.,1,MixMonitor(,r({HOME}/${{EXTEN:1}}.wav))\n same => n,Wait({KEY_S})\n"
        " same => n,SendDTMF(${EXTEN:0:1},150,150,150)\n same => n,Wait(1)\n"
        f" same => n,Playtones({CALLER_HZ})\n same => n,Wait(600)\n"
        "[telephone]\nexten => s,1,Set(DB(trial/shown)=${CALLERID(num)})\n same => n,Answer()\n"
        f" same => n,Playtones({AGENT_HZ})\n same => n,Wait({TALK_S})\n same => n,Hangup()\n"
        f"[called]\nexten => _X.,1,Set(DB(trial/${{EXTEN}})=${{CALLERID(num)}})\n same => n,Answer()\n"
        f" same => n,MixMonitor(,r({HOME}/called.wav))\n same => n,Playtones({CALLED_HZ})\n"
        f" same => n,Wait({TALK_S})\n same => n,Hangup()\n"
        f"[dialling]\nexten => s,1,MixMonitor(,r({HOME}/dialling.wav))\n same => n,Playtones({DIALLING_HZ})\n"
        " same => n,Wait(60)\n"
    ),
    "manager.conf": "[general]\nenabled = no\n",
    "logger.conf": "[logfiles]\nmessages => notice,warning,error\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    "indications.conf": "[general]\ncountry = us\n[us]\ndescription = US\nring = 440+480/2000,0/4000\n"
    "dial = 350+440\nbusy = 480+620/500,0/500\ncongestion = 480+620/250,0/250\n",
}  # fmt: skip
"""Contexts: who calls by `8001555001@out` has dialled 8001 and is 555001; `1555001@caller` presses 1 and is 555001;
`telephone` is a telephone that picks up, `called` whoever the box calls, `dialling` a telephone that has dialled."""


def ask(command: str) -> str:
    """Give what the far exchange's console says to a command."""
    argv = ["/usr/sbin/asterisk", "-C", f"{HOME}/asterisk.conf", "-rx", command]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


def call_in(number: str, caller: str, key: str) -> None:
    """Call the box over PRI; the key is pressed in the menu."""
    ask(f"channel originate Local/{number}{caller}@out extension {key}{caller}@caller")


def noted(name: str) -> str:
    """Give what the dialplan noted under a name; empty if nothing."""
    line = ask(f"database get trial {name}")
    return line.partition("Value:")[2].strip()
