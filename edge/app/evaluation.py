"""Measure recognition on pictures with known answers: listed pairs, all pairs of labeled folders, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.app.labeled_pictures import Pair, read_pairs, read_people
from edge.app.picture_templates import picture_templates
from edge.core.calibration import FarCurve
from edge.core.events import Json
from edge.core.face import ModelId, Vector
from edge.core.score import ScoreScale
from edge.core.tally import Tally, equal_error_rate, tally_scores, tally_templates
from edge.core.verification import (
    OperatingPoint,
    ScoreCheck,
    Scores,
    check_scores,
    fold_accuracies,
    operating_points,
    people_fold_accuracies,
    tar_intervals,
)
from edge.errors import ManifestInvalid, SettingsError
from edge.vision.manifest import find


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What was measured. Shares and rates are 0..1.

    pictures: how many different ones; no_face: in how many of them no face was found. people: how many
    folders were compared, None with listed pairs only. tally: of all pairs if asked for, else of the listed
    ones; eer, points, scores and intervals rest on it. accuracies: of ten folds, on the listed pairs if
    there are any, else on all; None for too few people. intervals: of the TAR at each measured point, 95 %.
    """

    model: ModelId
    curve: FarCurve
    pictures: int
    no_face: int
    people: int | None
    tally: Tally
    accuracies: Scores | None
    eer: float
    points: tuple[OperatingPoint, ...]
    scores: tuple[ScoreCheck, ...]
    intervals: dict[float, tuple[float, float]]

    @property
    def accuracy(self) -> float | None:
        return None if self.accuracies is None else float(np.mean(self.accuracies))

    @property
    def accuracy_deviation(self) -> float | None:
        return None if self.accuracies is None else float(np.std(self.accuracies))

    def as_json(self) -> dict[str, Json]:
        """What could not be measured is null."""
        scale = ScoreScale(self.curve)
        thresholds: dict[str, Json] = {
            rate_label(point.far): {
                "similarity": None if point.similarity is None else round(point.similarity, 5),
                "score": None if point.similarity is None else round(scale.score(point.similarity), 2),
                "tar": _rounded(point.tar),
                "tar_interval": [round(share, 5) for share in self.intervals[point.far]]
                if point.far in self.intervals
                else None,
            }
            for point in self.points
        }
        return {
            "model": self.model,
            "pictures": self.pictures,
            "people": self.people,
            "no_face": self.no_face,
            "pairs_same": self.tally.pairs_same,
            "pairs_different": self.tally.pairs_different,
            "accuracy": _rounded(self.accuracy),
            "accuracy_deviation": _rounded(self.accuracy_deviation),
            "eer": round(self.eer, 5),
            "tar_at_far": {rate_label(point.far): _rounded(point.tar) for point in self.points},
            "far_at_score": {f"{check.score:g}": _significant(check.far) for check in self.scores},
            "thresholds": thresholds,
        }


def evaluate(
    root: Path,
    pairs: Path | None,
    all_pairs: bool,
    jobs: int,
    progress: Callable[[int, int], None],
) -> Evaluation:
    """Compare the pairs that the file `pairs` lists, all pictures below `root` with each other, or both.

    jobs: processes. progress: told pictures done and all. A picture in which no face is found matches
    nobody, at any threshold. Raises SettingsError, PictureError, ModelError, WorkerDied.
    """
    if pairs is None and not all_pairs:
        raise SettingsError("nothing to compare; give --pairs with a CSV file, --all-pairs, or both")
    manifest = find("embedding")
    if manifest.far_curve is None:
        raise ManifestInvalid(f"{manifest.path} has no far_curve; reinstall or run tools/build_models")
    listed = [] if pairs is None else read_pairs(pairs, root)
    people = read_people(root) if all_pairs else {}
    lines = {path: pair.line for pair in reversed(listed) for path in (pair.a, pair.b)}
    paths = list(dict.fromkeys([*lines, *(path for pictures in people.values() for path in pictures)]))
    vectors = picture_templates(
        paths, lambda path: f"{pairs}:{lines[path]}: " if path in lines else "", jobs, progress
    )
    accuracies: Scores | None = None
    intervals: dict[float, tuple[float, float]] = {}
    if listed:
        same, different = _similarities(listed, vectors)
        try:
            accuracies = fold_accuracies(same, different)
        except ValueError as error:
            raise SettingsError(f"{pairs}: {error}; list more") from None
        tally = tally_scores(same, different)
    if people:
        labeled = _Labeled.of(people, vectors)
        tally = tally_templates(labeled.vectors, labeled.people, labeled.found)
        if accuracies is None:
            accuracies = people_fold_accuracies(labeled.vectors, labeled.people, labeled.found)
    points = operating_points(tally)
    if people:
        known = [(point.far, point.similarity) for point in points if point.similarity is not None]
        bounds = tar_intervals(labeled.vectors, labeled.people, labeled.found, [at for _, at in known])
        intervals = {far: bound for (far, _), bound in zip(known, bounds, strict=True)}
    return Evaluation(
        model=manifest.model_id,
        curve=manifest.far_curve,
        pictures=len(vectors),
        no_face=sum(vector is None for vector in vectors.values()),
        people=len(people) or None,
        tally=tally,
        accuracies=accuracies,
        eer=equal_error_rate(tally),
        points=points,
        scores=check_scores(tally, ScoreScale(manifest.far_curve)),
        intervals=intervals,
    )


def rate_label(far: float) -> str:
    """A rate as the key of a JSON document: 1e-3."""
    return f"{far:.0e}".replace("e-0", "e-")


@dataclass(frozen=True, slots=True, eq=False)
class _Labeled:
    """vectors: float32 (N, D); people: (N,), a number for each; found: bool (N,), whether a face was."""

    vectors: NDArray[np.float32]
    people: NDArray[np.intp]
    found: NDArray[np.bool_]

    @classmethod
    def of(cls, people: dict[str, list[Path]], vectors: dict[Path, Vector | None]) -> _Labeled:
        made = [vectors[path] for pictures in people.values() for path in pictures]
        found = np.array([vector is not None for vector in made])
        width = next((len(vector) for vector in made if vector is not None), 1)
        rows = np.array([np.zeros(width) if vector is None else vector for vector in made], np.float32)
        counts = [len(pictures) for pictures in people.values()]
        return cls(rows, np.repeat(np.arange(len(counts)), counts), found)


def _similarities(listed: Sequence[Pair], vectors: dict[Path, Vector | None]) -> tuple[Scores, Scores]:
    """Of the pairs of one person and of two; not a number where a face was not found."""
    scores = np.array([_similarity(vectors[pair.a], vectors[pair.b]) for pair in listed], np.float64)
    same = np.array([pair.same for pair in listed], bool)
    return scores[same], scores[~same]


def _similarity(a: Vector | None, b: Vector | None) -> float:
    return float("nan") if a is None or b is None else float(a @ b)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


def _significant(rate: float | None) -> float | None:
    return None if rate is None else float(f"{rate:.3g}")
