"""What a start tells in the log: whom the door knows, and what an operator should think of."""

from __future__ import annotations

import logging

from edge.app import liveness_told
from edge.app.thresholds import expectation, told
from edge.app.waiting import REMEDY
from edge.app.waiting import told as told_waiting
from edge.app.wiring import Models
from edge.settings import Settings
from edge.store.gallery import Gallery

logger = logging.getLogger(__name__)


def greet(settings: Settings, models: Models, gallery: Gallery, people: int, known: int) -> None:
    """people: how many are enrolled. known: how many of them have a template of the model in use."""
    expected = told(expectation(settings, models.embedding, known), settings)
    logger.info("ready: %d people, %d with a face; %s", people, known, expected)
    if liveness_told.is_ever_off(settings.liveness):
        text = liveness_told.told(settings.liveness)
        logger.warning("liveness policy %s; %s", text, liveness_told.CURE)
    if waiting := told_waiting(gallery, models.embedder.model):
        logger.warning("%s; %s", waiting, REMEDY)
