"""Whether those who signed a command may order it, of whom its topic addresses.

One right role is enough, but for what opens every door of a site at once: that takes two keys for
emergencies. To lock them all, one of these is enough.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from edge.core.envelope import Envelope
from edge.core.posture import Posture
from edge.core.roles import Role, Scope, Signer, are_allowed

_JOBS = ("job.next", "job.run", "rollout.start")
TO_OPEN_ALL = 2
"""So many keys for emergencies must sign what opens every door."""


class Denial(StrEnum):
    """Why a command is not authorized. unsigned: it needs a signature. signature: none of its signatures is
    right, of a known key and valid now. role: another role is needed. signers: more signatures are."""

    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    ROLE = "role"
    SIGNERS = "signers"


WHY = {
    Denial.UNSIGNED: "the command is not signed; sign it with a key of the keyring",
    Denial.SIGNATURE: "the key is not known here, or not valid now; publish the list of keys anew",
    Denial.ROLE: "the key has no role for this command here; sign with one that has",
    Denial.SIGNERS: f"a door command for all needs {TO_OPEN_ALL} signatures of keys for emergencies",
}
"""One line for the sender."""


def unproven(envelope: Envelope, signers: Collection[Signer] | None) -> Denial | None:
    """Why it cannot be told who sent a message; None when it can, or need not.

    signers: those whose signature of it is right and counts now; None when signatures are not asked for.
    """
    if signers is None or signers:
        return None
    return Denial.UNSIGNED if envelope.sig is None else Denial.SIGNATURE


def may_say(envelope: Envelope, signers: Collection[Signer] | None) -> bool:
    """Whether those who signed a message may order all that it brings: a job may bring settings."""
    job = envelope.body.get("job") if envelope.type == "rollout.start" else envelope.body
    brings_settings = envelope.type in _JOBS and isinstance(job, dict) and job.get("kind") == "config"
    needed = (envelope.type, "config.set") if brings_settings else (envelope.type,)
    return all(are_allowed(signers, message_type) for message_type in needed)


def unauthorized(
    envelope: Envelope, signers: Collection[Signer] | None, scope: Scope, *, moves_door: bool
) -> Denial | None:
    """Why those who signed a command may not order it; None when they may.

    Without signatures nobody opens every door of a site at once.
    """
    if not moves_door or scope is not Scope.ALL:
        return None if may_say(envelope, signers) else Denial.ROLE
    needed = 1 if envelope.body.get("posture") == Posture.LOCKDOWN else TO_OPEN_ALL
    if signers is None:
        return None if needed == 1 else Denial.SIGNERS
    rescuers = {signer.kid for signer in signers if Role.EMERGENCY in signer.roles}
    if not rescuers:
        return Denial.ROLE
    return None if len(rescuers) >= needed else Denial.SIGNERS
