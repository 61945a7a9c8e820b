"""A sealed bundle: who can open it, and what the QR code tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.errors import KeyUnusable
from edge.keys.bundle import (
    MAGIC,
    Bundle,
    Invitation,
    Kind,
    bundle_of,
    described,
    invitation_of,
    new_code,
    seal,
    unseal,
)

BUNDLE = Bundle(
    Kind.DEVICE,
    "north",
    "door-1",
    {
        "bundle.json": described(Kind.DEVICE, "north", "door-1"),
        "device.key": b"secret",
        "credentials/fleet.gallery_key": b"\x00k\xff",
    },
)
CODE = new_code()


def test_the_code_opens_the_bundle() -> None:
    assert unseal(seal(BUNDLE, CODE), CODE) == BUNDLE


def test_a_code_is_read_as_people_write_it() -> None:
    code = new_code(lambda _: b"\x00" * 15 + b"\x21")
    assert code == "00000-00000-00000-00000-00001-1"
    assert unseal(seal(BUNDLE, code), " ooooo ooooo 00000 00000 0000i l ") == BUNDLE


def test_no_other_code_opens_it() -> None:
    with pytest.raises(KeyUnusable, match="not that of this bundle"):
        unseal(seal(BUNDLE, CODE), new_code())


@pytest.mark.parametrize(
    "code",
    ["", "password", CODE[:-1], CODE + "0", CODE[:-1] + "U"],
    ids=["empty", "no code", "too short", "too long", "no letter of one"],
)
def test_what_is_no_code_is_told_so(code: str) -> None:
    with pytest.raises(KeyUnusable, match="26 letters and digits"):
        unseal(seal(BUNDLE, CODE), code)


def test_every_changed_byte_is_noticed() -> None:
    data = seal(BUNDLE, CODE)
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(KeyUnusable):
            unseal(bytes(changed), CODE)
    for length in (0, len(MAGIC), 40, len(data) - 1):
        with pytest.raises(KeyUnusable):
            unseal(data[:length], CODE)


@pytest.mark.parametrize("path", ["../passwd", "/etc/passwd", "a/b", "credentials/../x", "", "Ü", ".hidden"])
def test_a_bundle_that_would_write_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(KeyUnusable, match="belongs in none"):
        unseal(seal(replace(BUNDLE, files={**BUNDLE.files, path: b""}), CODE), CODE)


def test_nothing_of_it_can_be_read_without_the_code() -> None:
    sealed = seal(BUNDLE, CODE)
    assert b"secret" not in sealed
    assert b"door-1" not in sealed
    assert sealed != seal(BUNDLE, CODE)


def test_codes_differ() -> None:
    assert len({new_code() for _ in range(100)}) == 100


def test_an_invitation_reads_back() -> None:
    one = Invitation("north", "door-1", "broker.example:8883", "ab" * 32, CODE)
    assert invitation_of(one.text()) == one
    assert CODE not in repr(one)


@pytest.mark.parametrize(
    "text", ["", "https://example.org", "ostiary:join?site=north&id=door-1", "WIFI:S:x;;"]
)
def test_another_qr_code_is_refused(text: str) -> None:
    with pytest.raises(KeyUnusable, match="QR code"):
        invitation_of(text)


def test_secrets_are_not_in_the_text_of_a_bundle() -> None:
    assert "secret" not in repr(BUNDLE)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"kind": "thief", "site": "a", "id": "b"}'])
def test_a_folder_that_is_no_bundle_is_refused(text: bytes) -> None:
    with pytest.raises(KeyUnusable, match="no bundle"):
        bundle_of({"bundle.json": text})
    with pytest.raises(KeyUnusable, match="no bundle"):
        bundle_of({})
