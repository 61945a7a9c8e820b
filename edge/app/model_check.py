"""Is a model from afar fit for the door? It must open, agree on a picture that ships, and do well beside the
one in charge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edge import resources
from edge.app import wiring
from edge.app.wiring import Models
from edge.core import shadow_tally
from edge.core.events import Json
from edge.core.face import Face
from edge.core.frame import Image
from edge.core.geometry import iou
from edge.core.jobs import ShadowTerms
from edge.errors import JobFailed, OstiaryError
from edge.service.shadowing import SAME_FACE, SAME_POINTS, Candidate, Understudies
from edge.settings import Settings
from edge.vision.image import load_picture
from edge.vision.manifest import Manifest

ROLES = {"detection": "detector", "landmarks": "landmarker", "liveness": "liveness"}
"""Who may look on beside whom, by the task."""
_FAILURES = (OstiaryError, ValueError, ArithmeticError, LookupError, RuntimeError, TypeError)
_POLL_S = 0.2


def self_test(settings: Settings, manifest: Manifest) -> None:
    """Open all networks with this one among them and look at a picture. Raises JobFailed."""
    try:
        image = load_picture(resources.portrait())
        with (
            wiring.open_models(settings) as charge,
            wiring.open_models(settings, more=[manifest.path.parent]) as models,
        ):
            _compare(charge, models, image)
    except _FAILURES as error:
        if isinstance(error, JobFailed):
            raise
        raise JobFailed(f"the model cannot be used: {error}", "selftest") from error


def shadow(
    settings: Settings,
    manifest: Manifest,
    terms: ShadowTerms,
    understudies: Understudies,
    *,
    monotonic: Callable[[], float],
    pause: Callable[[float], None],
    progress: Callable[[float], None],
) -> dict[str, Json]:
    """Have the model look on until it has seen enough. Returns figures. Raises JobFailed when it does not do
    well, and what `pause` raises.

    progress: told how much of it is done, 0..1.
    """
    role = ROLES.get(manifest.task)
    if role is None:
        raise JobFailed(f"a model for {manifest.task} cannot look on; leave out 'shadow'", "shadow")
    began = monotonic()
    with _candidate(settings, manifest, monotonic) as candidate:
        setattr(understudies, role, candidate)
        try:
            while not shadow_tally.is_enough(candidate.tally, terms, monotonic() - began):
                pause(_POLL_S)
                share = (monotonic() - began) / terms.seconds
                progress(min(1.0, max(candidate.tally.faces / terms.faces, share)))
        finally:
            setattr(understudies, role, None)
        tally = candidate.tally
    figures = shadow_tally.told(tally)
    if not shadow_tally.does_well(tally, terms):
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        raise JobFailed(f"beside the model in charge it did not do well: {told}", "shadow")
    return figures


@contextmanager
def _candidate(
    settings: Settings, manifest: Manifest, monotonic: Callable[[], float]
) -> Iterator[Candidate[Any]]:
    with wiring.open_models(settings, more=[manifest.path.parent]) as models:
        with wiring.open_models(settings) as charge:
            live = tuple(wiring.life_config(settings, one).accept for one in (charge, models))
        model = {"detection": models.detector, "landmarks": models.mesh, "liveness": models.liveness}
        yield Candidate(model[manifest.task], monotonic, (live[0], live[1]))


def _compare(charge: Models, models: Models, image: Image) -> None:
    """On the picture of one person both must see the same."""
    for thorough in (False, True):
        face = _only_face(charge, image, thorough)
        other = _only_face(models, image, thorough)
        if iou(face.box, other.box) < SAME_FACE:
            raise JobFailed("it finds the face of the test picture elsewhere", "selftest")
    landmarks, others = charge.mesh.locate(image, face), models.mesh.locate(image, face)
    apart = float(abs(landmarks.points[:, :2] - others.points[:, :2]).mean())
    if not apart <= SAME_POINTS * face.box.width or others.presence < 0.5:
        raise JobFailed("it fits another mesh to the face of the test picture", "selftest")
    score = models.liveness.score(image, face)
    if not 0.0 <= score <= 1.0 or math.isnan(score):
        raise JobFailed(f"its score {score} of the test picture is no probability", "selftest")
    models.occlusion.measure(image, others)


def _only_face(models: Models, image: Image, thorough: bool) -> Face:
    faces = models.detector.detect(image, thorough)
    if len(faces) != 1:
        raise JobFailed(f"it finds {len(faces)} faces in the test picture, which has one", "selftest")
    return faces[0]
