"""Measure liveness on pictures and clips of living people and of attacks, in the terms of ISO/IEC 30107-3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.app.clip_decisions import ClipDecision, decide_clips
from edge.app.frame_scores import Scored, score_frames
from edge.app.liveness_manifest import Presented, read_presented
from edge.core.events import Json
from edge.core.face import ModelId
from edge.core.pad_figures import (
    RUN,
    ErrorRates,
    MeanFigures,
    SourceFigures,
    figures,
    means,
)
from edge.core.pad_metrics import Interval
from edge.vision.manifest import find


@dataclass(frozen=True, slots=True, eq=False)
class LivenessEvaluation:
    """What was measured.

    threshold: the probability from which on the shipped model calls a face alive. frames: in the order of the
    list, scores beside them (None: no face). by_kind: their probabilities by source and whether alive, in the
    same order. sources: by name. attacks: by type, where the list names any.
    """

    model: ModelId
    threshold: float
    crop: float
    frames: tuple[Presented, ...]
    scores: tuple[Scored | None, ...]
    by_kind: dict[tuple[str, bool], list[float | None]]
    sources: dict[str, SourceFigures]
    means: MeanFigures
    attacks: dict[str, SourceFigures]
    clips: tuple[ClipDecision, ...]

    def as_json(self) -> dict[str, Json]:
        """What could not be measured is null."""
        mean = self.means
        return {
            "model": self.model,
            "threshold": round(self.threshold, 5),
            "pictures": len(self.frames),
            "live": sum(one.live for one in self.frames),
            "attacks": sum(not one.live for one in self.frames),
            "no_face": self.scores.count(None),
            "marked_only": sum(one is not None and not one.found for one in self.scores),
            "mean_auc": _rounded(mean.auc),
            "worst_auc": _rounded(mean.worst_auc),
            "eer": _rounded(mean.eer),
            "apcer_at_bpcer": _own(mean.own),
            "at_threshold": _rates(mean.single),
            f"at_threshold_{RUN}_frames": _rates(mean.runs),
            "by_source": {name: _source(source) for name, source in self.sources.items()},
            "by_attack": {
                name: {
                    "attacks": found.attacks,
                    "apcer": _rounded(found.single.apcer),
                    "apcer_interval": _ends(found.apcer_interval),
                }
                for name, found in self.attacks.items()
            },
            "clips": [clip.as_json() for clip in self.clips],
        }


def evaluate_liveness(
    file: Path, root: Path, jobs: int, progress: Callable[[int, int], None]
) -> LivenessEvaluation:
    """Look at everything that `file` lists. jobs: processes. progress: told pictures and clips done, and all.

    Pictures give error rates, frame by frame and source by source; a clip is decided on as a whole, as at the
    door. Raises SettingsError, PictureError, ModelError, WorkerDied.
    """
    listed = read_presented(file, root)
    frames = tuple(one for one in listed if not one.is_clip)
    clips = [one for one in listed if one.is_clip]
    manifest = find("liveness")
    threshold = manifest.threshold("live")
    scores = tuple(score_frames(frames, file, jobs, lambda done: progress(done, len(listed))))
    decided = decide_clips(clips, file, jobs, lambda done: progress(len(frames) + done, len(listed)))
    by_kind: defaultdict[tuple[str, bool], list[float | None]] = defaultdict(list)
    by_type: defaultdict[str, list[float | None]] = defaultdict(list)
    for one, scored in zip(frames, scores, strict=True):
        score = None if scored is None else scored.score
        by_kind[one.source, one.live].append(score)
        if one.attack is not None:
            by_type[one.attack].append(score)
    sources = {
        name: figures(by_kind[name, True], by_kind[name, False], threshold)
        for name in dict.fromkeys(one.source for one in frames)
    }
    return LivenessEvaluation(
        model=manifest.model_id,
        threshold=threshold,
        crop=manifest.parameter("crop"),
        frames=frames,
        scores=scores,
        by_kind=dict(by_kind),
        sources=sources,
        means=means(list(sources.values())),
        attacks={name: figures([], by_type[name], threshold) for name in sorted(by_type)},
        clips=tuple(decided),
    )


def _source(found: SourceFigures) -> dict[str, Json]:
    return {
        "live": found.live,
        "attacks": found.attacks,
        "no_face": found.no_face,
        "auc": _rounded(found.auc),
        "eer": _rounded(found.eer),
        "apcer_at_bpcer": _own(found.own),
        "at_threshold": _rates(found.single),
        "apcer_interval": _ends(found.apcer_interval),
        "bpcer_interval": _ends(found.bpcer_interval),
        f"at_threshold_{RUN}_frames": _rates(found.runs),
    }


def _own(rates: dict[float, float | None]) -> dict[str, Json]:
    return {f"{allowed:g}": _rounded(rate) for allowed, rate in rates.items()}


def _rates(rates: ErrorRates) -> dict[str, Json]:
    return {
        "apcer": _rounded(rates.apcer),
        "bpcer": _rounded(rates.bpcer),
        "acer": _rounded(rates.acer),
    }


def _ends(interval: Interval | None) -> Json:
    return None if interval is None else [round(interval.low, 5), round(interval.high, 5)]


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 5)
