"""The certificate of a box that has no other: self-signed, made anew before it ends or when the address changes."""

import datetime as dt
import ipaddress
import os
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 825
"The longest that browsers take (CA/Browser Forum ballot 193)."
RENEW_DAYS = 30
MARK = "Switchroom self-signed"
"Organisation by which we know our own; a certificate that somebody put there is never touched."


def ensure(certificate: Path, key: Path, *, listen: str, now: dt.datetime) -> bool:
    """See that there is a certificate for this address; whether a new one was made.

    `now` is aware. A certificate that is not ours stays, whatever it says.
    """
    names = _names(listen)
    if certificate.exists() and key.exists() and _serves(certificate, names, now):
        return False
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MARK),
            x509.NameAttribute(NameOID.COMMON_NAME, socket.gethostname()[:64] or "switchroom"),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, secret)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return True


def fingerprint(certificate: Path) -> str:
    """Give the SHA-256 of the first certificate of a file, as browsers show it."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def _names(listen: str) -> list[x509.GeneralName]:
    addresses = {ipaddress.IPv4Address("127.0.0.1")}
    if not ipaddress.IPv4Address(listen).is_unspecified:
        addresses.add(ipaddress.IPv4Address(listen))
    hosts = {"localhost"}
    host = socket.gethostname()
    if host.isascii() and host.replace("-", "").replace(".", "").isalnum():
        hosts.add(host)
    return [
        *(x509.DNSName(host) for host in sorted(hosts)),
        *(x509.IPAddress(address) for address in sorted(addresses)),
    ]


def _serves(certificate: Path, names: list[x509.GeneralName], now: dt.datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError:
        return False
    organisations = found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if [name.value for name in organisations] != [MARK]:
        return True
    lasts = found.not_valid_after_utc > now + dt.timedelta(days=RENEW_DAYS)
    held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return lasts and set(names) <= set(held)


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
