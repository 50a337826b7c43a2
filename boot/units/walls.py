"""What each program of the box may do at most (systemd.exec(5)); `systemd-analyze security` is a test of it."""

from collections.abc import Mapping
from types import MappingProxyType

Lines = tuple[str, ...]

EVERY: Lines = (
    "UMask=0077",
    "NoNewPrivileges=yes",
    "KeyringMode=private",
    "LockPersonality=yes",
    "PrivateTmp=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProtectSystem=strict",
    "RemoveIPC=yes",
    "RestrictNamespaces=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
)
"No program of ours needs more than this."

ORDINARY: Lines = (
    *EVERY,
    "AmbientCapabilities=",
    "CapabilityBoundingSet=",
    "DevicePolicy=closed",
    "MemoryDenyWriteExecute=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "ProcSubset=pid",
    "ProtectHostname=yes",
    "RestrictRealtime=yes",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources @obsolete",
    # Files at once, a lower priority for the sealer: what a program may ask for itself.
    "SystemCallFilter=setrlimit prlimit64 setpriority sched_setaffinity",
    "SystemCallErrorNumber=EPERM",
    "InaccessiblePaths=-/data/system",
)
"Those of the box's own user."

NO_ROOT_PART: Lines = ("InaccessiblePaths=-{privileged}",)
"For programs that strangers speak to: they cannot even see where root is asked."
LOCAL: Lines = ("RestrictAddressFamilies=AF_UNIX", "PrivateNetwork=yes", "IPAddressDeny=any")
NETWORK: Lines = ("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",)
ON_TCP: Lines = ("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",)
ON_UNIX_SOCKETS: Lines = ("RestrictAddressFamilies=AF_UNIX AF_INET", "IPAddressDeny=any", "IPAddressAllow=localhost")

SERIAL: Lines = (
    *(f"DeviceAllow=char-{kind} rw" for kind in ("ttyS", "ttyUSB", "ttyACM")),
    "SupplementaryGroups=dialout",
    "PrivateMounts=yes",
)
"What hangs on the box by a serial line; Debian's udev gives such lines to this group."
WITH_LINES: Lines = (*(wall for wall in ORDINARY if wall != "PrivateDevices=yes"), *SERIAL)
"Instead of `ORDINARY`: no device but those lines (`DevicePolicy=closed` stays)."

WALLS: Mapping[str, Lines] = MappingProxyType(
    {
        "zeo": (*ORDINARY, *LOCAL, *NO_ROOT_PART),
        # What went wrong on the wires of cards stands in /proc/dahdi.
        "daemon": (*(wall for wall in WITH_LINES if wall != "ProcSubset=pid"), "DeviceAllow=char-dahdi rw", *NETWORK),
        "lines": (*WITH_LINES, *ON_TCP),
        # gunicorn gives its socket to its own user once more.
        "web": (*ORDINARY, "SystemCallFilter=chown lchown fchownat", *ON_UNIX_SOCKETS, *NO_ROOT_PART),
        "nginx": (*ORDINARY, *NETWORK, *NO_ROOT_PART),
        # Its terminal is opened for it, and it may open it once more.
        "console": (
            *(wall for wall in ORDINARY if wall != "PrivateDevices=yes"),
            "DeviceAllow=/dev/%I rw",
            "PrivateMounts=yes",
            *ON_UNIX_SOCKETS,
        ),
        "update": (*ORDINARY, *ON_UNIX_SOCKETS),
        "lay-out": (*ORDINARY, *LOCAL, *NO_ROOT_PART),
        "asterisk": (
            *EVERY,
            "AmbientCapabilities=",
            "CapabilityBoundingSet=",
            "DevicePolicy=closed",
            "DeviceAllow=char-dahdi rw",
            "MemoryDenyWriteExecute=yes",
            "PrivateUsers=yes",
            "ProcSubset=pid",
            "ProtectHostname=yes",
            "SystemCallFilter=@system-service",
            "SystemCallFilter=~@privileged @obsolete",
            "SystemCallErrorNumber=EPERM",
            "LimitRTPRIO=10",
            "InaccessiblePaths=-/data/system",
            *NETWORK,
            *NO_ROOT_PART,
        ),
        "privileged": (
            *EVERY,
            "CapabilityBoundingSet=CAP_NET_ADMIN",
            "DevicePolicy=closed",
            "MemoryDenyWriteExecute=yes",
            "PrivateDevices=yes",
            "ProcSubset=pid",
            "ProtectHostname=yes",
            "RestrictRealtime=yes",
            "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
            "IPAddressDeny=any",
            "SystemCallFilter=@system-service",
            "SystemCallFilter=~@privileged @resources @obsolete",
            "PrivateMounts=yes",
            "SystemCallErrorNumber=EPERM",
        ),
    }
)
"By the program's name. A program without a line here has no unit."
