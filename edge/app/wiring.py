"""The composition root: with `hardware` the only module that names concrete adapters.

Adapters that need hardware or a heavy library are imported where they are made.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.model_shelf import folders
from edge.core.calibration import FarCurve
from edge.core.clock_state import ClockState
from edge.core.face import ModelId, PersonId
from edge.core.face_swap import ALIKE_FAR
from edge.core.identifiers import uuid7
from edge.core.limits import GalleryLimits
from edge.core.policy import Standing
from edge.core.quality import Limits
from edge.core.score import ScoreScale
from edge.core.track_life import LifeConfig
from edge.errors import ManifestInvalid
from edge.host.clock import ClockWatch
from edge.ports import Landmarker, LivenessModel
from edge.refusals import PersonNotFound
from edge.service.face_gate import FaceGate
from edge.service.life_watch import LifeWatch
from edge.service.reporting import Clocks
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from edge.store.index import GalleryIndex
from edge.store.journal import Journal

if TYPE_CHECKING:
    from edge.service.enrollment import Enroller
    from edge.vision.detector import FaceDetector
    from edge.vision.embedding import AnyEmbedder
    from edge.vision.liveness import PassiveLiveness
    from edge.vision.manifest import Manifest
    from edge.vision.mesh import FaceMesh
    from edge.vision.occlusion import FaceOcclusion

SESSIONS_PER_BOOT = 1 << 20
REJECT = 0.1
"""Probability down from which a face counts as an attack, where the liveness model names none."""


@dataclass(frozen=True, slots=True)
class Models:
    """The opened networks of the door. They belong to one thread."""

    detector: FaceDetector
    mesh: FaceMesh
    occlusion: FaceOcclusion
    liveness: PassiveLiveness
    embedder: AnyEmbedder
    embedding: Manifest
    curve: FarCurve
    manifests: tuple[Manifest, ...]


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def clocks(settings: Settings) -> Clocks:
    watch = ClockWatch()
    return Clocks(
        monotonic=time.monotonic,
        utc=lambda: datetime.now(UTC),
        is_set=lambda: settings.device.trust_clock or watch.state() is not ClockState.UNSYNCED,
        state=watch.state,
    )


@contextmanager
def open_models(
    settings: Settings, folder: Path | None = None, more: Sequence[Path] = ()
) -> Iterator[Models]:
    """Open every network the door needs. Raises ModelError when one is missing or not the one described,
    and when nobody measured what the liveness model stops.

    OpenCV is held to as many threads as the networks: its pool would take the cores that others need.
    folder: of the models, without it the one that ships with the package, and what came from afar over it.
    more: folders of one model each that go before those.
    """
    import cv2

    from edge.vision.detector import FaceDetector
    from edge.vision.embedding import open_embedder
    from edge.vision.engine import Engine
    from edge.vision.liveness import PassiveLiveness
    from edge.vision.manifest import find
    from edge.vision.mesh import FaceMesh
    from edge.vision.occlusion import FaceOcclusion
    from edge.vision.still import NETWORKS, StillSearch

    cv2.setNumThreads(settings.vision.threads)
    over = (*more, *(folders(settings.store.folder) if folder is None else ()))
    with ExitStack() as stack:
        manifests: list[Manifest] = []

        def opened(manifest: Manifest) -> Engine:
            manifests.append(manifest)
            return stack.enter_context(Engine(manifest, settings.vision.threads, settings.vision.engine))

        def engine(task: str, name: str | None = None) -> Engine:
            return opened(find(task, name, folder, over))

        liveness = engine("liveness")
        liveness.manifest.scored()
        embedding = find("embedding", settings.vision.embedding, folder)
        curve = embedding.far_curve
        if curve is None:
            raise ManifestInvalid(f"{embedding.path} has no far_curve; reinstall or run tools/build_models")
        still = StillSearch(*(engine("detection", name) for name in NETWORKS))
        detector = FaceDetector(engine("detection", "near"), engine("detection", "far"), still)
        mesh = FaceMesh(engine("landmarks"))
        yield Models(
            detector=detector,
            mesh=mesh,
            occlusion=FaceOcclusion(engine("occlusion")),
            liveness=PassiveLiveness(liveness),
            embedder=open_embedder(embedding, opened),
            embedding=embedding,
            curve=curve,
            manifests=tuple(manifests),
        )


def face_gate(settings: Settings, models: Models, landmarker: Landmarker | None = None) -> FaceGate:
    """landmarker: in place of that of the models."""
    from edge.vision.measure import measure

    return FaceGate(
        landmarker=landmarker or models.mesh,
        measure=measure,
        limits=Limits(face_px=settings.vision.face_px),
        crop=models.liveness.engine.manifest.parameter("crop"),
        occlusion=models.occlusion,
    )


def life_watch(settings: Settings, models: Models, liveness: LivenessModel | None = None) -> LifeWatch:
    """A new one for each camera and each clip. liveness: in place of that of the models."""
    from edge.vision.fingerprint import fingerprint
    from edge.vision.flow import FaceFlow

    return LifeWatch(
        liveness=liveness or models.liveness,
        flow=FaceFlow(),
        fingerprint=fingerprint,
        config=life_config(settings, models),
    )


def life_config(settings: Settings, models: Models) -> LifeConfig:
    """What counts as alive: by the settings, else by the model's manifest."""
    liveness, manifest = settings.liveness, models.liveness.engine.manifest
    accept = liveness.threshold or manifest.threshold("live")
    reject = liveness.reject or manifest.thresholds.get("reject", REJECT)
    return LifeConfig(
        accept=accept,
        reject=min(reject, accept),
        frames=liveness.frames,
        window=liveness.window,
        more=liveness.more,
        alike=models.curve.similarity_at(ALIKE_FAR),
    )


def enroller(
    settings: Settings, models: Models, gallery: Gallery, index: GalleryIndex, *, unique: int = 0
) -> Enroller:
    """unique: the unique-person control level, 0..4."""
    from edge.service.duplicates import LookAlikes
    from edge.service.enrollment import EnrollConfig, Enroller
    from edge.vision.measure import measure

    look_alikes = LookAlikes(index, ScoreScale(models.curve), tuple)
    return Enroller(
        detector=models.detector,
        landmarker=models.mesh,
        embedder=models.embedder,
        liveness=models.liveness,
        measure=measure,
        gallery=gallery,
        match=index.matcher.match,
        # Asked first, and it looks whether somebody was enrolled meanwhile.
        compared=index.people,
        similar=lambda person, faces: look_alikes.person_like(faces, unique, but=person),
        curve=models.curve,
        utc=lambda: datetime.now(UTC),
        config=EnrollConfig(
            frames=settings.enrollment.frames,
            duplicate_far=settings.enrollment.duplicate_far,
            liveness_threshold=life_config(settings, models).accept,
        ),
    )


@dataclass(frozen=True, slots=True)
class Roster:
    """The people and their groups."""

    gallery: Gallery
    groups: Groups


@contextmanager
def open_roster(settings: Settings) -> Iterator[Roster]:
    """Open the people's part of the store, for the command line. Raises StoreError."""
    with open_database(settings.store.file, durable=True) as database:
        limits = gallery_limits(settings)
        yield Roster(Gallery(database, limits), Groups(database, limits))


def gallery_limits(settings: Settings) -> GalleryLimits:
    return GalleryLimits(**settings.limits.model_dump())


@contextmanager
def open_index(settings: Settings, model: ModelId) -> Iterator[GalleryIndex]:
    """Open the faces for searching, as they are now, over a connection of their own. Raises StoreError."""
    with open_database(settings.store.file, durable=False, check=False) as database:
        index = GalleryIndex(database, model)
        index.refresh()
        yield index


def sessions(journal: Journal) -> Callable[[], int]:
    """Session numbers that grow across restarts: the count of starts, then one for each connection."""
    boots = int(journal.state("boots") or "0") + 1
    journal.save_state("boots", str(boots))
    return partial(next, itertools.count(boots * SESSIONS_PER_BOOT))


def standing(gallery: Gallery) -> Callable[[PersonId], Standing | None]:
    def look_up(person: PersonId) -> Standing | None:
        try:
            known = gallery.person(person)
        except PersonNotFound:
            return None
        return Standing(known.id, known.valid_from, known.valid_until, known.revoked)

    return look_up
