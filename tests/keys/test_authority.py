"""A site's own authority: what its certificates say, and what it refuses to sign or load."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.errors import KeyUnusable
from edge.keys.authority import Authority, Credential, certificate_of, fingerprint

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("Ostiary north", NOW)


def purposes(credential: Credential) -> list[x509.ObjectIdentifier]:
    return list(
        certificate_of(credential.certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    )


def test_a_client_is_known_by_its_common_name_and_is_no_server(authority: Authority) -> None:
    credential = authority.client("door-1", NOW)
    certificate = certificate_of(credential.certificate)
    certificate.verify_directly_issued_by(certificate_of(authority.certificate))
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in names] == ["door-1"]
    assert purposes(credential) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_server_is_known_by_names_and_addresses(authority: Authority) -> None:
    credential = authority.server(["broker.example", "192.0.2.7"], NOW)
    names = certificate_of(credential.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert [str(ip) for ip in names.value.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]
    assert ExtendedKeyUsageOID.SERVER_AUTH in purposes(credential)


def test_a_renewed_certificate_keeps_the_key_and_has_its_own_serial(authority: Authority) -> None:
    first = authority.client("door-1", NOW)
    second = authority.client("door-1", NOW + timedelta(days=900), key=first.key)
    assert second.key == first.key
    assert second.serial != first.serial
    assert second.not_after > first.not_after


def test_no_certificate_outlives_the_authority(authority: Authority) -> None:
    until = certificate_of(authority.certificate).not_valid_after_utc
    assert authority.client("door-1", NOW, days=100_000).not_after == until


def test_a_certificate_made_now_is_right_by_a_clock_an_hour_behind(authority: Authority) -> None:
    certificate = certificate_of(authority.client("door-1", NOW).certificate)
    assert certificate.not_valid_before_utc <= NOW - timedelta(hours=1)


def test_an_encrypted_key_opens_with_its_passphrase_only(authority: Authority) -> None:
    pem = authority.key("a long passphrase")
    again = Authority.load(authority.certificate, pem, "a long passphrase")
    assert again.key() == authority.key()
    for wrong in ("another one", None):
        with pytest.raises(KeyUnusable, match="passphrase"):
            Authority.load(authority.certificate, pem, wrong)
    with pytest.raises(KeyUnusable, match="leave the passphrase out"):
        Authority.load(authority.certificate, authority.key(), "needless")


def test_a_damaged_file_is_refused_in_one_line(authority: Authority) -> None:
    for certificate, key in ((b"", authority.key()), (authority.certificate, b"-----BEGIN"), (b"x", b"y")):
        with pytest.raises(KeyUnusable) as refused:
            Authority.load(certificate, key)
        assert "\n" not in str(refused.value)


def test_the_list_of_revoked_certificates_is_signed_and_lasts(authority: Authority) -> None:
    gone, other = authority.client("door-1", NOW), authority.client("door-2", NOW)
    found = x509.load_pem_x509_crl(authority.revocations({gone.serial: NOW}, NOW))
    issuer = certificate_of(authority.certificate)
    assert found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert found.get_revoked_certificate_by_serial_number(gone.serial) is not None
    assert found.get_revoked_certificate_by_serial_number(other.serial) is None
    assert found.next_update_utc == issuer.not_valid_after_utc


def test_the_key_is_not_in_the_text_of_a_credential(authority: Authority) -> None:
    assert "PRIVATE" not in repr(authority.client("door-1", NOW))


def test_two_authorities_have_two_fingerprints(authority: Authority) -> None:
    assert fingerprint(authority.certificate) != fingerprint(
        Authority.create("Ostiary north", NOW).certificate
    )
