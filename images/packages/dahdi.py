"""The kernel modules of DAHDI as a package: built for the image's kernel, so that the image needs no compiler.

The source is Debian's (`dahdi-dkms` of sid, 3.4.0). It builds for kernel 6.12 once it knows which name that kernel
gives to the way from a timer to what holds it: `timer_container_of` is there from 6.16 on, `from_timer` before (Linux,
include/linux/timer.h). Card firmware is not in Debian's main archive and not in the package. It stands for
`dahdi-dkms`, which Debian's `dahdi` would bring a compiler with.
"""

from pathlib import Path

from images import stock
from images.workshop import Workshop

NAME = "switchroom-dahdi-modules"
VERSION = "3.4.0"

SCRIPT = r"""
name="$1"; version="$2"; kernel="$3"
mkdir /build; cd /build
apt-get -q update >/dev/null
apt-get -q download dahdi-dkms >/dev/null
found=$(dpkg-deb -f dahdi-dkms_*.deb Version)
case "$found" in *"$version"*) ;; *) echo "sid has DAHDI $found, not $version" >&2; exit 1 ;; esac
dpkg-deb -x dahdi-dkms_*.deb unpacked
source=$(echo unpacked/usr/src/dahdi-*)
header="$source/include/dahdi/kernel.h"
python3 - "$header" <<'PATCH'
import pathlib, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
place = "#include <linux/module.h>\n"
if text.count(place) != 1:
    sys.exit(f"{path} is not as it was: {text.count(place)} lines include module.h")
lines = ("#include <linux/timer.h>", "#ifndef timer_container_of", "#define timer_container_of from_timer", "#endif")
path.write_text(text.replace(place, place + "\n".join(lines) + "\n"))
PATCH
headers="/usr/src/linux-headers-$kernel"
make -s -C "$source" -j"$(nproc)" KVERS="$kernel" KSRC="$headers" KBUILD="$headers" modules \
    >build.log 2>&1 || { grep -m5 -i error build.log >&2; tail -5 build.log >&2; exit 1; }
root=/build/package
modules="$root/usr/lib/modules/$kernel/updates/dahdi"
mkdir -p "$modules" "$root/DEBIAN" "$root/usr/share/doc/$name"
find "$source/drivers" -name '*.ko' -exec cp -t "$modules" {} +
strip --strip-debug "$modules"/*.ko
xz --check=crc32 "$modules"/*.ko
cp unpacked/usr/share/doc/dahdi-dkms/copyright "$root/usr/share/doc/$name/copyright"
cat >"$root/DEBIAN/control" <<CONTROL
Package: $name
Version: ${found#*:}+${kernel%-amd64}
Architecture: amd64
Maintainer: Switchroom
Section: kernel
Priority: optional
Depends: linux-image-$kernel, kmod
Provides: dahdi-dkms
Description: kernel modules of DAHDI, built for $kernel
 The drivers of telephony cards and of virtual spans.
CONTROL
printf '#!/bin/sh\nset -e\ndepmod %s\n' "$kernel" >"$root/DEBIAN/postinst"
chmod 755 "$root/DEBIAN/postinst"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" /mnt/out >/dev/null
ls "$modules" | wc -l
"""


def made_from(workshop: Workshop) -> str:
    """Give the digest of what decides how the package turns out."""
    return stock.digest([NAME, VERSION, SCRIPT, workshop.kernel])


def ensure(workshop: Workshop, say: stock.Say) -> Path:
    """Give the package, built where there is none for this kernel; raises `WorkshopError`."""

    def make(folder: Path) -> None:
        count = workshop.work(
            "The build of DAHDI's modules", SCRIPT, NAME, VERSION, workshop.kernel, shared={"out": folder}
        )
        say(f"{count.strip()} modules of DAHDI for {workshop.kernel}")

    folder = stock.kept("dahdi-modules", made_from(workshop), make, say)
    return next(folder.glob("*.deb"))
