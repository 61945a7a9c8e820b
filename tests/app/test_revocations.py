"""Until when a revocation that came as a command holds."""

from __future__ import annotations

import pytest

from edge.app.gallery_sync_desk import covered_from
from edge.core.gallery_orders import RevokePerson
from edge.core.gallery_sync import Mark
from edge.core.roles import Role, Signer

NEWEST = Mark(2, 40)


def signer(*roles: Role) -> tuple[Signer, ...]:
    return (Signer("k", frozenset(roles)),)


@pytest.mark.parametrize("signers", [None, signer(Role.GALLERY), signer(Role.OPERATOR, Role.GALLERY)])
def test_who_keeps_the_gallery_says_which_version_has_it(signers: tuple[Signer, ...] | None) -> None:
    assert covered_from(RevokePerson("ann", 3, 41), signers, NEWEST) == (Mark(3, 41), True)
    assert covered_from(RevokePerson("ann", 0, 41), signers, NEWEST) == (Mark(2, 41), True)
    assert covered_from(RevokePerson("ann"), signers, NEWEST) == (NEWEST, False)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.EMERGENCY])
def test_nobody_else_revokes_until_a_version_that_never_comes(role: Role) -> None:
    order = RevokePerson("ann", 2**53 - 1, 2**53 - 1)
    assert covered_from(order, signer(role), NEWEST) == (NEWEST, False)


def test_the_version_of_a_hub_that_was_set_back_says_nothing() -> None:
    order = RevokePerson("ann", 2, 30)
    assert covered_from(order, None, NEWEST, is_set_back=True) == (NEWEST, False)
