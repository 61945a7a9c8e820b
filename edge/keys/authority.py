"""A site's own certificate authority: for brokers, devices, the hub and operators.

Elliptic keys on P-256, which every TLS library of the last ten years speaks. The common name of a client's
certificate is its id, by which brokers know it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.errors import KeyUnusable

AUTHORITY_DAYS = 20 * 365
SERVER_DAYS = 825
CLIENT_DAYS = 3 * 365

# A device whose clock is a little behind must take a certificate that was made just now.
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and its key, both PEM, the key not encrypted."""

    certificate: bytes
    key: bytes = field(repr=False)

    @property
    def serial(self) -> int:
        return certificate_of(self.certificate).serial_number

    @property
    def not_after(self) -> datetime:
        """Aware UTC."""
        return certificate_of(self.certificate).not_valid_after_utc


class Authority:
    """Signs certificates. `now` is aware UTC everywhere."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def create(cls, name: str, now: datetime) -> Authority:
        """A new authority; name: what its certificate calls it, 64 characters at most."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        certificate = (
            _builder(subject, subject, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def load(cls, certificate: bytes, key: bytes, passphrase: str | None = None) -> Authority:
        """certificate, key: PEM. Raises KeyUnusable for a wrong passphrase or damaged files."""
        return cls(certificate_of(certificate), _private(key, passphrase))

    @property
    def certificate(self) -> bytes:
        """PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def key(self, passphrase: str | None = None) -> bytes:
        """PKCS #8 in PEM, encrypted where a passphrase is given."""
        return _key_pem(self._key, passphrase)

    def server(
        self, names: Sequence[str], now: datetime, days: int = SERVER_DAYS, key: bytes | None = None
    ) -> Credential:
        """For a broker that is reached under these names and addresses; key: PEM of one it has already.

        Raises ValueError without any name, and KeyUnusable.
        """
        if not names:
            raise ValueError("a server's certificate needs a name")
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        # Members of a NATS cluster are each other's clients.
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(names[0][:64], _own_or_new(key), now, days, purposes, alternatives)

    def client(
        self, name: str, now: datetime, days: int = CLIENT_DAYS, key: bytes | None = None
    ) -> Credential:
        """For the device, hub or operator `name`; key: PEM of one it has already. Raises KeyUnusable."""
        return self._issue(name, _own_or_new(key), now, days, [ExtendedKeyUsageOID.CLIENT_AUTH], None)

    def revocations(self, revoked: Mapping[int, datetime], now: datetime) -> bytes:
        """The list of revoked certificates (serial: since when) in PEM.

        It is valid as long as the authority: a broker refuses everybody by a list that has expired.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - _BACKDATED)
            .next_update(self._certificate.not_valid_after_utc)
        )
        for serial, since in sorted(revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        now: datetime,
        days: int,
        purposes: list[x509.ObjectIdentifier],
        alternatives: x509.SubjectAlternativeName | None,
    ) -> Credential:
        until = min(now + timedelta(days=days), self._certificate.not_valid_after_utc)
        builder = (
            _builder(_name(name), self._certificate.subject, key.public_key(), now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key, None))


def certificate_of(pem: bytes) -> x509.Certificate:
    """Raises KeyUnusable when that is no certificate."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise KeyUnusable("this is not a certificate in PEM; restore the file from a copy") from None


def fingerprint(pem: bytes) -> str:
    """SHA-256 of a certificate, 64 hexadecimal digits. Raises KeyUnusable."""
    return certificate_of(pem).fingerprint(hashes.SHA256()).hex()


def names_of(pem: bytes) -> list[str]:
    """The names and addresses that a server's certificate is for. Raises KeyUnusable."""
    try:
        extensions = certificate_of(pem).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _own_or_new(pem: bytes | None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1()) if pem is None else _private(pem, None)


def _private(pem: bytes, passphrase: str | None) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase is not None else None)
    except TypeError:
        cure = "give its passphrase" if passphrase is None else "leave the passphrase out"
        raise KeyUnusable(f"the key is {'' if passphrase is None else 'not '}encrypted; {cure}") from None
    except ValueError:
        raise KeyUnusable("wrong passphrase, or the key is damaged; try again or restore the file") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyUnusable("the key is not an elliptic one; give the file that Ostiary made")
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey, passphrase: str | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
