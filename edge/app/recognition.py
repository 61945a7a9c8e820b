"""Compose the door's recognizer, and say what proof of life it asks for."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from edge.app import wiring
from edge.core.evidence import EvidenceConfig
from edge.core.liveness_policy import LivenessPolicy
from edge.ports import Matcher
from edge.service.recognize import RecognizeConfig, Recognizer
from edge.service.reporting import Clocks
from edge.service.shadowing import (
    ShadowedDetector,
    ShadowedLandmarker,
    ShadowedLiveness,
    Understudies,
)
from edge.settings import Settings


def recognizer(
    settings: Settings, models: wiring.Models, matcher: Matcher, understudies: Understudies | None = None
) -> Recognizer:
    """understudies: models that look on, and do not count."""
    recognition, challenge = settings.recognition, settings.liveness.challenge
    beside = understudies or Understudies()
    landmarker = ShadowedLandmarker(models.mesh, beside)
    return Recognizer(
        detector=ShadowedDetector(models.detector, beside),
        landmarker=landmarker,
        gate=wiring.face_gate(settings, models, landmarker),
        watch=wiring.life_watch(settings, models, ShadowedLiveness(models.liveness, beside)),
        embedder=models.embedder,
        matcher=matcher,
        curve=models.curve,
        policy=liveness_policy(settings, wiring.clocks(settings)),
        randbelow=secrets.randbelow,
        config=RecognizeConfig(
            far=recognition.far,
            margin=recognition.margin,
            zone=settings.vision.zone,
            face_px=settings.vision.face_px,
            evidence=EvidenceConfig(
                agree=recognition.agree, window=recognition.window, life=wiring.life_config(settings, models)
            ),
            moves=challenge.moves,
            move_count=challenge.count,
        ),
    )


def liveness_policy(settings: Settings, clocks: Clocks) -> Callable[[], LivenessPolicy]:
    """What proof of life is asked for at each moment."""
    plan, zone = settings.liveness.plan, settings.device.zone
    return lambda: plan.at(clocks.utc().astimezone(zone) if clocks.is_set() else None)
