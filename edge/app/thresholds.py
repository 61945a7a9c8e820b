"""What the false accept rate that is asked for comes to on this device."""

from __future__ import annotations

import math
import re

from edge.core.calibration import FarCurve
from edge.core.false_accepts import Expectation, Site, expect
from edge.errors import ManifestInvalid
from edge.settings import Settings
from edge.vision.manifest import Manifest

_MEASURED = re.compile(r"tar_at_far_1e(\d+)")
_YEAR = 365.25


def measured_tar(manifest: Manifest) -> dict[float, float]:
    """The share of same pairs that the manifest says are accepted, by false accept rate of a comparison."""
    found = ((_MEASURED.fullmatch(name), share) for name, share in manifest.measured.items())
    return {10.0 ** -int(match[1]): share for match, share in found if match}


def curve_of(manifest: Manifest) -> FarCurve:
    """Raises ManifestInvalid when the manifest has none."""
    if manifest.far_curve is None:
        raise ManifestInvalid(f"{manifest.path} has no far_curve; reinstall or run tools/build_models")
    return manifest.far_curve


def expectation(settings: Settings, manifest: Manifest, people: int) -> Expectation:
    """What `recognition.far` means with so many people enrolled."""
    site = Site(max(1, people), settings.recognition.strangers_per_day)
    return expect(curve_of(manifest), settings.recognition.far, site, measured_tar(manifest))


def told(expected: Expectation, settings: Settings) -> str:
    """One line for an operator."""
    if expected.score is None:
        return "no similarity is high enough to keep recognition.far with so many people"
    return (
        f"similarity {expected.similarity:.3f} (score {expected.score:.0f}) names a person; a false accept "
        f"about every {span(expected.days)} at {settings.recognition.strangers_per_day:g} strangers a day"
    )


def span(days: float) -> str:
    """A number of days for people to read: 5 hours, 50 days, 14 years."""
    if math.isinf(days):
        return "never"
    if days < 2:
        hours = days * 24
        return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
    years = days / _YEAR
    return f"{days:.0f} days" if years < 3 else f"{years:,.0f} years"
