"""Each role may sign what it is for, and nothing else."""

from __future__ import annotations

import pytest

from edge.core.orders import COMMANDS
from edge.core.roles import MAY_SIGN, Role, Signer, are_allowed, may_order

ORDERS = {
    "door.unlock": {Role.OPERATOR, Role.EMERGENCY},
    "door.posture": {Role.OPERATOR, Role.EMERGENCY},
    "gallery.revoke": {Role.OPERATOR, Role.EMERGENCY, Role.GALLERY},
    "gallery.sync": {Role.GALLERY},
    "gallery.rebase": {Role.GALLERY, Role.ROOT},
    "gallery.status": set(Role),
    "device.list": set(Role),
    "device.forget": {Role.CONFIGURATION},
    "offer.accept": {Role.GALLERY},
    "rollout.start": {Role.OTA},
    "door.acknowledge": {Role.OPERATOR, Role.EMERGENCY},
    "gallery.head": {Role.GALLERY},
    "gallery.delta": {Role.GALLERY},
    "enroll.start": {Role.OPERATOR, Role.GALLERY},
    "person.create": {Role.GALLERY},
    "person.show": {Role.OPERATOR, Role.GALLERY},
    "group.delete": {Role.GALLERY},
    "face.search": {Role.GALLERY},
    "config.desired": {Role.CONFIGURATION},
    "config.set": {Role.CONFIGURATION},
    "device.restart": {Role.OPERATOR, Role.CONFIGURATION},
    "device.identify": {Role.OPERATOR},
    "diag.selftest": {Role.OPERATOR},
    "log.upload": {Role.OPERATOR},
    "snapshot.request": {Role.OPERATOR},
    "job.run": {Role.OTA},
    "job.next": {Role.OTA},
    "keys.list": {Role.ROOT},
    "doors.unlock": set(),
    "cmd.ack": set(),
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_for_its_roles_alone(order):
    assert {role for role in Role if may_order(role, order)} == ORDERS[order]


def test_every_command_can_be_ordered_by_somebody():
    assert [order for order in COMMANDS if not any(may_order(role, order) for role in Role)] == []


def test_every_role_may_sign_something():
    assert set(MAY_SIGN) == set(Role)


def test_one_of_several_signers_with_the_role_is_enough():
    gallery, operator = Signer("a", frozenset({Role.GALLERY})), Signer("b", frozenset({Role.OPERATOR}))
    assert are_allowed((gallery, operator), "door.unlock")
    assert not are_allowed((gallery,), "door.unlock")
    assert not are_allowed((), "door.unlock")
    assert are_allowed(None, "door.unlock")
