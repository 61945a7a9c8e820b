"""How a new model compares with the one in charge, face by face: figures only, nothing of the faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.core.events import Json
from edge.core.jobs import ShadowTerms

_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class ShadowTally:
    """faces: how many both looked at. agreed: of those, how often they said the same. difference: the sum of
    how far apart their figures were, each 0..1. failed: how often the new one gave none. extra_s: seconds it
    took, all together."""

    faces: int = 0
    agreed: int = 0
    difference: float = 0.0
    failed: int = 0
    extra_s: float = 0.0


def add(tally: ShadowTally, *, agrees: bool, difference: float, took_s: float) -> ShadowTally:
    """Count one face. difference: 0..1; more counts as 1, and what is no number as 1."""
    bounded = min(difference, 1.0) if difference >= 0.0 else 1.0
    return replace(
        tally,
        faces=tally.faces + 1,
        agreed=tally.agreed + agrees,
        difference=tally.difference + bounded,
        extra_s=tally.extra_s + took_s,
    )


def add_failure(tally: ShadowTally, took_s: float) -> ShadowTally:
    """Count a face that the new model gave no figure of; it disagrees."""
    return replace(add(tally, agrees=False, difference=1.0, took_s=took_s), failed=tally.failed + 1)


def is_enough(tally: ShadowTally, terms: ShadowTerms, seconds: float) -> bool:
    """Whether the new model has looked long enough. seconds: since it began."""
    return tally.faces >= terms.faces or seconds >= terms.seconds


def does_well(tally: ShadowTally, terms: ShadowTerms) -> bool:
    """Whether it may take over. One that saw nobody has shown nothing."""
    return (
        tally.faces > 0
        and tally.agreed * _THOUSAND >= terms.agreement * tally.faces
        and tally.difference * _THOUSAND <= terms.difference * tally.faces
    )


def told(tally: ShadowTally) -> dict[str, Json]:
    """For the site: agreement and difference per mille, mean extra time of a face in whole microseconds."""
    faces = max(1, tally.faces)
    return {
        "faces": tally.faces,
        "failed": tally.failed,
        "agreement": tally.agreed * _THOUSAND // faces,
        "difference": round(tally.difference * _THOUSAND / faces),
        "extra_us": round(tally.extra_s * 1e6 / faces),
    }
