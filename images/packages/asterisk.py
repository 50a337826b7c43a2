"""Asterisk as a package: Debian's source from sid, built for Debian 13, with the guard that MFC/R2 needs.

Asterisk 22.10.1 reads `analog_p->dialmode` for every channel whose key is pressed, and on an MFC/R2 channel there is no
`analog_p`: any DTMF ends the whole exchange (`dahdi_read()` in channels/chan_dahdi.c). The guard asks first whether the
channel is analogue, as the rest of that file does.

Debian's packages of it would bring ffmpeg, SDL, JACK and five data bases. Ours is one package with the modules that the
bundle of a laptop has too and what drives cards, and it depends on what `dpkg-shlibdeps` finds that these need.
"""

from pathlib import Path

from images import stock
from images.asterisk.recipe import LEFT_OUT
from images.workshop import Workshop

NAME = "switchroom-asterisk"
ALSO_LEFT_OUT = ("app_festival", "chan_mobile", "chan_ooh323", "res_config_mysql", "app_saycountpl")

UNGUARDED = "if (!(analog_p->dialmode == ANALOG_DIALMODE_BOTH"
GUARDED = "if (dahdi_analog_lib_handles(p->sig, p->radio, p->oprmode) && !(analog_p->dialmode == ANALOG_DIALMODE_BOTH"

BUILD = r"""
unguarded="$1"; guarded="$2"; shift 2
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null
apt-get -q -y --no-install-recommends build-dep asterisk >/dev/null
mkdir /build; cd /build
apt-get -q --download-only source asterisk >/dev/null
dpkg-source -x asterisk_*.dsc source >/dev/null
cd source
python3 - "$unguarded" "$guarded" <<'PATCH'
import pathlib, sys
path = pathlib.Path("channels/chan_dahdi.c")
text = path.read_text()
if text.count(sys.argv[1]) != 1:
    sys.exit(f"{path} is not as it was: the guard of MFC/R2 finds {text.count(sys.argv[1])} places")
path.write_text(text.replace(sys.argv[1], sys.argv[2]))
PATCH
export DEB_BUILD_PROFILES=nodoc DEB_BUILD_OPTIONS="nocheck nodoc noautodbgsym parallel=$(nproc)"
env --unset=SOURCE_DATE_EPOCH dpkg-buildpackage -b -uc -us -d >/build/log 2>&1 || { tail -25 /build/log >&2; exit 1; }
"""
"Debian's own build; the time that it dates its files with is that of Debian's last change."

PACK = r"""
name="$1"; shift
root=/build/package
mkdir -p "$root/DEBIAN" /build/debian; cd /build
for deb in /build/asterisk_*.deb /build/asterisk-modules_*.deb /build/asterisk-dahdi_*.deb; do
    dpkg-deb -x "$deb" "$root"
done
version=$(dpkg-deb -f /build/asterisk_*.deb Version)
rm -rf "$root/etc" "$root/usr/lib/systemd" "$root/lib/systemd" "$root/var"
rm -rf "$root/usr/share/man" "$root/usr/share/lintian"
for module in "$@"; do rm -f "$root"/usr/lib/*/asterisk/modules/"$module".so; done
printf 'Source: asterisk\n\nPackage: %s\nArchitecture: any\n' "$name" >debian/control
mapfile -t objects < <(find "$root/usr/lib" "$root/usr/sbin" -type f \( -name '*.so*' -o -perm -100 \) | sort)
elves=()
for object in "${objects[@]}"; do
    [ "$(head -c4 "$object" | tail -c3)" = ELF ] && elves+=("$object")
done
dpkg-shlibdeps --ignore-missing-info -l"$(dirname "$(find "$root" -name 'libasteriskssl.so.1')")" -O \
    "${elves[@]}" 2>/build/shlibs.log >/build/depends || { tail -5 /build/shlibs.log >&2; exit 1; }
depends=$(sed 's/^shlibs:Depends=//' /build/depends)
cat >"$root/DEBIAN/control" <<CONTROL
Package: $name
Source: asterisk
Version: $version+switchroom1
Architecture: amd64
Maintainer: Switchroom
Section: comm
Priority: optional
Provides: asterisk
Conflicts: asterisk, asterisk-modules, asterisk-dahdi
Depends: $depends
Description: Asterisk with its driver of telephony cards, for Debian 13
 Debian's own source, with a guard for keys that are pressed on MFC/R2 channels.
CONTROL
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" /mnt/out >/dev/null
"""


def ensure(workshop: Workshop, say: stock.Say) -> Path:
    """Give the package, built where there is none of this recipe; raises `WorkshopError`."""

    def make(folder: Path) -> None:
        layer = folder.with_name("asterisk-layer")
        arguments = (UNGUARDED, GUARDED, NAME, *LEFT_OUT, *ALSO_LEFT_OUT)
        workshop.work("The build of Asterisk", BUILD + PACK, *arguments, shared={"out": folder}, large=layer)

    made_from = stock.digest([UNGUARDED, GUARDED, BUILD, NAME, PACK, *LEFT_OUT, *ALSO_LEFT_OUT])
    return next(stock.kept("asterisk", made_from, make, say).glob("*.deb"))
