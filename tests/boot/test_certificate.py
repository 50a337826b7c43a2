"""The self-signed certificate names the box's addresses and is renewed in time; another's is left alone."""

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from boot import certificate

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate and key that are not there yet."""
    return tmp_path / "certificate.pem", tmp_path / "key.pem"


def names(path: Path) -> set[str]:
    """Say what a certificate is for."""
    found = x509.load_pem_x509_certificate(path.read_bytes())
    alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*alternative.get_values_for_type(x509.DNSName), *map(str, alternative.get_values_for_type(x509.IPAddress))}


def test_a_new_one_can_be_used_and_its_key_is_private(paths: tuple[Path, Path]) -> None:
    """TLS takes the pair; nobody else may read the key."""
    assert certificate.ensure(*paths, listen="10.1.2.3", now=NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*paths)
    assert paths[1].stat().st_mode & 0o777 == 0o600
    assert {"localhost", "127.0.0.1", "10.1.2.3"} <= names(paths[0])
    assert len(certificate.fingerprint(paths[0]).split(":")) == 32


def test_it_stays_until_it_nears_its_end(paths: tuple[Path, Path]) -> None:
    """825 days less 30."""
    assert certificate.ensure(*paths, listen="127.0.0.1", now=NOW)
    assert not certificate.ensure(*paths, listen="127.0.0.1", now=NOW + dt.timedelta(days=790))
    assert certificate.ensure(*paths, listen="127.0.0.1", now=NOW + dt.timedelta(days=796))


def test_it_is_made_anew_for_a_new_address_or_when_it_is_torn(paths: tuple[Path, Path]) -> None:
    """An address that it does not name, or bytes that are no certificate."""
    certificate.ensure(*paths, listen="127.0.0.1", now=NOW)
    assert certificate.ensure(*paths, listen="10.1.2.3", now=NOW)
    assert not certificate.ensure(*paths, listen="0.0.0.0", now=NOW)  # noqa: S104  every address
    paths[0].write_text("torn")
    assert certificate.ensure(*paths, listen="127.0.0.1", now=NOW)
    paths[1].unlink()
    assert certificate.ensure(*paths, listen="127.0.0.1", now=NOW)


def test_a_certificate_that_somebody_put_there_is_never_touched(paths: tuple[Path, Path]) -> None:
    """Even one that is over."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calls.example.com")])
    theirs = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=9))
        .not_valid_after(NOW - dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    paths[0].write_bytes(theirs)
    paths[1].write_bytes(b"theirs")
    assert not certificate.ensure(*paths, listen="127.0.0.1", now=NOW)
    assert paths[0].read_bytes() == theirs
