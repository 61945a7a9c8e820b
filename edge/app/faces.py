"""Compose the services that look at pictures of faces, for the command line and for whoever else asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from edge.app import wiring
from edge.app.analysis import Examiners, open_examiners
from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import GroupId
from edge.core.score import ScoreScale
from edge.refusals import PersonNotFound
from edge.service.analysis import FaceAnalysis
from edge.service.comparison import FaceComparison, FaceVerification
from edge.service.duplicates import DuplicateCheck
from edge.service.familiar import FamiliarFaces
from edge.service.grouping import FaceGrouping
from edge.service.groups import GroupKeeper
from edge.service.localization import Localizer
from edge.service.pictures import PictureReader
from edge.service.redaction import FaceRedaction
from edge.service.search import FaceSearch, SearchLimits
from edge.service.similar import FaceGatherer, FaceSimilarity
from edge.settings import Settings
from edge.store.gallery import Gallery
from edge.store.index import GalleryIndex
from edge.vision import redact
from edge.vision.close_search import CloseSearch
from edge.vision.image import REQUEST_KINDS, PictureLimits, read_picture


@dataclass(frozen=True, slots=True)
class Faces:
    """What can be asked of pictures alone. Belongs to one thread."""

    reader: PictureReader
    analysis: FaceAnalysis
    localizer: Localizer
    comparison: FaceComparison
    similarity: FaceSimilarity
    grouping: FaceGrouping
    redaction: FaceRedaction


@dataclass(frozen=True, slots=True)
class KnownFaces:
    """What can be asked of pictures and the people who are enrolled. Belongs to one thread.

    familiar: who of the people in any of some groups, None for everybody, is known at a false accept rate.
    """

    faces: Faces
    verification: FaceVerification
    search: FaceSearch
    duplicates: DuplicateCheck
    familiar: Callable[[Sequence[GroupId] | None, float], FamiliarFaces]


def request_limits(settings: Settings) -> PictureLimits:
    """What a picture of a request may be."""
    pictures = settings.pictures
    return PictureLimits(
        max_bytes=pictures.max_bytes,
        jpeg_side=pictures.jpeg_side,
        other_side=pictures.other_side,
        least_side=pictures.least_side,
        kinds=REQUEST_KINDS,
    )


@contextmanager
def open_faces(settings: Settings, *, with_attributes: bool = False) -> Iterator[Faces]:
    """Open the networks; those of appearance only on request. Raises ModelError."""
    with (
        wiring.open_models(settings) as models,
        open_examiners(settings, models.mesh, with_attributes=with_attributes) as examiners,
    ):
        yield _faces(settings, models, examiners)


@contextmanager
def open_known_faces(settings: Settings) -> Iterator[KnownFaces]:
    """Open the networks, the people and their index. Raises ModelError, StoreError."""
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        open_examiners(settings, models.mesh) as examiners,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        yield known_faces(settings, roster, models, examiners, index)


def known_faces(
    settings: Settings,
    roster: wiring.Roster,
    models: wiring.Models,
    examiners: Examiners,
    index: GalleryIndex,
) -> KnownFaces:
    """The same over what is open."""
    faces = _faces(settings, models, examiners)
    limits = wiring.gallery_limits(settings)
    groups = GroupKeeper(roster.gallery, roster.groups, limits, partial(datetime.now, UTC))
    scale = ScoreScale(models.curve)
    templates = partial(_templates, roster.gallery, index.model)
    reader, embedder = faces.reader, models.embedder

    def familiar(chosen: Sequence[GroupId] | None, far: float) -> FamiliarFaces:
        required = None if chosen is None else groups.require(chosen)
        return FamiliarFaces(models.mesh, embedder, index, scale, required, far)

    return KnownFaces(
        faces=faces,
        verification=FaceVerification(faces.comparison, templates, index.model),
        search=FaceSearch(
            reader,
            embedder,
            index,
            scale,
            groups.require,
            partial(_tag, roster.gallery),
            SearchLimits(results=limits.search_people, gallery=limits.search_faces),
        ),
        duplicates=DuplicateCheck(reader, embedder, index, scale, templates, groups.require),
        familiar=familiar,
    )


def _faces(settings: Settings, models: wiring.Models, examiners: Examiners) -> Faces:
    reader = PictureReader(
        load=partial(read_picture, limits=request_limits(settings)),
        detector=models.detector,
        landmarker=models.mesh,
        grade=examiners.analysis.level,
    )
    scale = ScoreScale(models.curve)
    gatherer = FaceGatherer(reader, models.embedder, settings.pictures.faces)
    return Faces(
        reader=reader,
        analysis=examiners.analysis,
        localizer=examiners.localizer,
        comparison=FaceComparison(reader, models.embedder, scale),
        similarity=FaceSimilarity(gatherer, scale),
        grouping=FaceGrouping(gatherer, scale),
        redaction=FaceRedaction(CloseSearch(models.detector, models.mesh).find, redact.cover),
    )


def _templates(gallery: Gallery, model: ModelId, person: PersonId) -> list[tuple[Embedding, float]]:
    """A person's templates of one model, each with the quality of its face. Raises PersonNotFound."""
    return [
        (template, enrolled.face.quality)
        for enrolled in gallery.record(person).faces
        for template in enrolled.templates
        if template.model == model
    ]


def _tag(gallery: Gallery, person: PersonId) -> str:
    try:
        return gallery.person(person).tag
    except PersonNotFound:
        return ""
