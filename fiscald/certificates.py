"""The listener's certificate: made here, or anybody's, read for what people and the daemon must know of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography import x509

# The functions import cryptography: fiscalctl works without the extra "daemon".

#: Days that a certificate is valid: the most that Apple's browsers accept.
DAYS = 825
#: Days before its end from which on there is a warning.
SOON_DAYS = 30
#: Clocks of other computers in the shop may be behind.
_BEFORE = timedelta(days=1)


class CertificateError(Exception):
    """The file is no certificate; ``str`` says why."""


class CertificateFacts(NamedTuple):
    """What a certificate says."""

    names: tuple[str, ...]
    """Host names that it is for."""
    addresses: tuple[str, ...]
    """IP addresses that it is for."""
    begins: datetime
    ends: datetime
    fingerprint: str
    """``sha256:...``, of the whole certificate, as ``fiscalctl --fingerprint`` takes it."""

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative after its end."""
        return (self.ends - now).days


def read(path: Path) -> CertificateFacts:
    """The first certificate in a PEM file. Raises ``CertificateError``, ``OSError``."""
    return parse(path.read_bytes())


def parse(pem: bytes) -> CertificateFacts:
    """The first certificate in PEM text. Raises ``CertificateError``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        found = x509.load_pem_x509_certificates(pem)[0]
        try:
            names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            names = x509.SubjectAlternativeName([])
        return CertificateFacts(
            tuple(names.get_values_for_type(x509.DNSName)),
            tuple(str(each) for each in names.get_values_for_type(x509.IPAddress)),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            fingerprint(found.public_bytes(serialization.Encoding.DER)),
        )
    except ValueError as error:
        raise CertificateError(f"it contains no certificate (PEM): {error}") from None


def fingerprint(der: bytes) -> str:
    """The fingerprint of a certificate in binary form."""
    return f"sha256:{sha256(der).hexdigest()}"


def make(names: Iterable[str], *, now: datetime | None = None, days: int = DAYS) -> tuple[bytes, bytes]:
    """A certificate for host names and IP addresses, signed by itself, and its key: both PEM.

    Raises ``ValueError`` for a name that no certificate can have.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    begins = (now or datetime.now(UTC)).replace(microsecond=0)
    key = ec.generate_private_key(ec.SECP256R1())
    named = list(dict.fromkeys(names))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"fiscald on {named[0]}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - _BEFORE)
        .not_valid_after(begins + timedelta(days=days) - _BEFORE)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _name(text: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
