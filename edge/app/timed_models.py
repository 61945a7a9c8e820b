"""The networks of the door and its matcher under a stopwatch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from edge.app.stopwatch import Stopwatch, Timed
from edge.app.wiring import Models
from edge.ports import Matcher


def timed_models(models: Models, watch: Stopwatch) -> Models:
    """The same ones; what the recognizer asks of them is timed."""
    detector, mesh, liveness, embedder = models.detector, models.mesh, models.liveness, models.embedder
    engines = (detector.near, detector.far)
    adapters: dict[str, Any] = {
        "detector": Timed(detector, "detect", watch.timed("detect", detector.detect, engines)),
        "mesh": Timed(mesh, "locate", watch.timed("landmarks", mesh.locate, [mesh.engine])),
        "liveness": Timed(liveness, "score", watch.timed("liveness", liveness.score, [liveness.engine])),
        "embedder": Timed(embedder, "glance", watch.timed("embed", embedder.glance, embedder.engines)),
    }
    return replace(models, **adapters)


def timed_matcher(matcher: Matcher, watch: Stopwatch) -> Matcher:
    return cast("Matcher", Timed(matcher, "match_all", watch.timed("match", matcher.match_all)))
