"""What goes into the root file system, and what is switched on in it."""

PACKAGES = (
    # the system
    "systemd-sysv", "systemd-repart", "systemd-resolved", "udev", "dbus", "kmod", "mount", "login", "passwd",
    "util-linux", "e2fsprogs", "dosfstools", "initramfs-tools", "zstd", "iproute2", "iputils-ping", "procps",
    "ca-certificates", "tzdata", "nftables", "chrony", "grub-common", "rauc", "rauc-service",
    # what the product runs on
    "python3", "nginx-light", "espeak-ng", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav",
)  # fmt: skip

ENABLED = (
    "chrony.service", "dahdi.service", "nftables.service", "switchroom-fall-back.timer",
    "switchroom-identity.service", "switchroom-machine.service", "switchroom.target", "systemd-networkd.service",
    "systemd-resolved.service",
)  # fmt: skip

MASKED = (
    "apt-daily-upgrade.timer", "apt-daily.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "getty@tty1.service", "nginx.service", "serial-getty@ttyS0.service",
    "systemd-networkd-wait-online.service",
)  # fmt: skip
"""The product starts nginx itself, and shows its own console on screen and serial line; the rest would write to a root
that is read only, or hold up the start."""

FORBIDDEN = ("usr/bin/gcc", "usr/bin/cc", "usr/bin/make", "usr/bin/node", "usr/bin/dkms", "usr/sbin/sshd")
"What an image must not have: no compiler, no Node, no door that we did not make."

PROGRAM = ("appliance", "boot", "drivers", "webadmin")
"Folders of the project that are the product."

BUILT = ("build/locale", "build/web")
"What `make prepare` builds of them."

LIBRARIES = r"""
python3 -m venv /opt/switchroom/.venv
/opt/switchroom/.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --cache-dir=/mnt/cache \
    --require-hashes -r /mnt/in/requirements.lock
/opt/switchroom/.venv/bin/pip uninstall --quiet --yes pip
find /opt/switchroom/.venv -name __pycache__ -prune -exec rm -rf {} +
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C / \
    -cf /mnt/out/libraries.tar opt/switchroom/.venv
"""
"The Python libraries of the lock, built where the compiler is."

FINISH = r"""#!/bin/bash
set -euo pipefail
root="$1"
mkdir -p "$root/data" "$root/boot/efi" "$root/tmp/debs"
cp @DEBS@ "$root/tmp/debs/"
rm -f "$root/etc/resolv.conf"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" /bin/sh -c 'apt-get -q -y --no-install-recommends install /tmp/debs/*.deb dahdi' >/dev/null
rm -r "$root/tmp/debs"
tar --numeric-owner -C "$root" -xf @LIBRARIES@
tar --numeric-owner -C "$root" -xf @PRODUCT@
chroot "$root" systemd-sysusers
PYTHONHASHSEED=0 chroot "$root" /opt/switchroom/.venv/bin/python -m compileall -q -j1 \
    --invalidation-mode=unchecked-hash /opt/switchroom
mapfile -t places <"$root/usr/lib/switchroom/environment"
chroot "$root" env --chdir=/opt/switchroom HOME=/data/switchroom PYTHONDONTWRITEBYTECODE=1 "${places[@]}" \
    /opt/switchroom/.venv/bin/python -m boot.units /usr --python /opt/switchroom/.venv/bin/python \
    --project /opt/switchroom
systemctl --quiet --root="$root" enable @ENABLED@
systemctl --quiet --root="$root" mask @MASKED@
for path in @FORBIDDEN@; do
    [ ! -e "$root/$path" ] || { echo "the image must not have /$path" >&2; exit 1; }
done
[ -e "$root/boot/initrd.img-@KERNEL@" ] || chroot "$root" update-initramfs -c -k @KERNEL@
ln -sfn boot/vmlinuz-@KERNEL@ "$root/vmlinuz"
ln -sfn boot/initrd.img-@KERNEL@ "$root/initrd.img"
ln -sfn ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
rm -rf "$root"/var/log/* "$root"/var/cache/* "$root"/var/lib/apt/lists/* "$root"/var/lib/systemd/catalog/* \
    "$root"/initrd.img.old "$root"/vmlinuz.old "$root"/etc/*- "$root"/usr/lib/udev/hwdb.bin.old
: >"$root/etc/machine-id"
printf 'switchroom\n' >"$root/etc/hostname"
"""
"""The last step, on the host, with the root as its argument. What its programs need lies in the root itself."""
