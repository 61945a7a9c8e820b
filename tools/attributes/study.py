"""Fit every head, and judge it on people that it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from attributes.figures import Row, balanced, calibration_error, rows
from attributes.heads import Answers, Floats, Head, crossed, fit, folds, softmax, temperature
from attributes.labels import Label
from attributes.material import LFW, MASKED, OPEN, Seen
from edge.core.appearance import Expression, Gender
from edge.vision.attributes import EXPRESSIONS, GLASSES, HAIR

NEUTRAL_WEIGHT = 7.4
"""People before a camera are neutral far more often than in the pictures the network learnt from."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All pictures, row by row. digests, kinds, persons: str (N,)."""

    digests: NDArray[np.str_]
    kinds: NDArray[np.str_]
    persons: NDArray[np.str_]
    seen: Seen


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """mask: one logit. parameters: of the manifest."""

    glasses: Head
    hair: Head
    mask: Head
    rows: list[Row]
    parameters: dict[str, float]
    measured: dict[str, float]


def study(all_of: Material, known: dict[str, Label], seed: int) -> Result:
    fold = folds(all_of.persons, seed)
    labelled = [known.get(digest) for digest in all_of.digests]
    found: list[Row] = []
    parameters: dict[str, float] = {}
    measured: dict[str, float] = {}
    drawn = np.array([one is not None and one.random for one in labelled])
    glasses = _eyes_head(
        "glasses", GLASSES, lambda one: one.glasses, all_of, labelled, drawn, fold, found, measured
    )
    hair = _eyes_head("hair", HAIR, lambda one: one.hair, all_of, labelled, drawn, fold, found, measured)
    mask = _mask(all_of, fold, found, measured)
    _gender(all_of, labelled, fold, found, parameters, measured)
    _age(all_of, labelled, fold, parameters, measured)
    _expression(all_of, labelled, found, parameters, measured)
    return Result(glasses, hair, mask, found, parameters, measured)


def with_copies(seen: Seen, which: NDArray[np.int64]) -> Floats:
    """Features of the pictures, then of their first varied copies, and so on."""
    varied = seen.varied[which]
    return np.concatenate([seen.features[which], *(varied[:, k] for k in range(varied.shape[1]))])


def _eyes_head(
    name: str,
    classes: Sequence[StrEnum],
    answer: Callable[[Label], StrEnum | None],
    all_of: Material,
    labelled: list[Label | None],
    drawn: NDArray[np.bool_],
    fold: NDArray[np.int64],
    found: list[Row],
    measured: dict[str, float],
) -> Head:
    """A head whose labels were made by eye; judged on the pictures drawn by lot."""
    which = np.array([k for k, one in enumerate(labelled) if one is not None and answer(one) is not None])
    answers: Answers = np.array([classes.index(answer(labelled[k])) for k in which])
    times = 1 + all_of.seen.varied.shape[1]
    features, repeated = with_copies(all_of.seen, which), np.tile(answers, times)
    logits = crossed(features, repeated, np.tile(fold[which], times), len(classes))
    judged = drawn[which]
    heat = temperature(logits[: len(which)][judged], answers[judged])
    chances = softmax(logits / heat)
    plain = rows(name, classes, chances[: len(which)][judged], answers[judged])
    everything = rows(name, classes, chances[: len(which)], answers)
    worsened = rows(name, classes, chances[len(which) : 2 * len(which)][judged], answers[judged])
    found += plain
    measured |= {
        f"{name}_pictures": float(len(which)),
        f"{name}_balanced_accuracy": balanced(plain),
        f"{name}_balanced_accuracy_all_labelled": balanced(everything),
        f"{name}_balanced_accuracy_worsened": balanced(worsened),
        f"{name}_calibration_error": calibration_error(chances[: len(which)][judged], answers[judged]),
        f"{name}_temperature": heat,
    }
    return fit(features, repeated, len(classes)).cooled(heat)


def _mask(all_of: Material, fold: NDArray[np.int64], found: list[Row], measured: dict[str, float]) -> Head:
    """Of a sigmoid: the difference of the two classes."""
    answers: Answers = (all_of.kinds == MASKED).astype(np.int64)
    which = np.arange(len(answers))
    times = 1 + all_of.seen.varied.shape[1]
    features, repeated = with_copies(all_of.seen, which), np.tile(answers, times)
    logits = crossed(features, repeated, np.tile(fold, times), 2)
    said = logits.argmax(axis=1) == 1
    plain, worsened = said[: len(which)], said[len(which) :].reshape(times - 1, -1)
    found += rows("mask", ("no mask", "mask"), logits[: len(which)], answers)
    for kind, name in ((MASKED, "masked"), (OPEN, "open"), (LFW, "lfw")):
        measured[f"mask_called_{name}"] = float(plain[all_of.kinds == kind].mean())
        measured[f"mask_called_{name}_worsened"] = float(worsened[:, all_of.kinds == kind].mean())
        measured[f"mask_{name}_pictures"] = float((all_of.kinds == kind).sum())
    head = fit(features, repeated, 2)
    return Head(head.weights[:, 1:] - head.weights[:, :1], head.bias[1:] - head.bias[:1])


def _gender(
    all_of: Material,
    labelled: list[Label | None],
    fold: NDArray[np.int64],
    found: list[Row],
    parameters: dict[str, float],
    measured: dict[str, float],
) -> None:
    """A line through the network's logit."""
    which = np.array([k for k, one in enumerate(labelled) if one is not None and one.gender is not None])
    answers: Answers = np.array([int(labelled[k].gender is Gender.MALE) for k in which])
    chance = np.clip(all_of.seen.male[which], 1e-6, 1 - 1e-6)
    logit = np.log(chance / (1 - chance))[:, None]
    crossing = crossed(logit, answers, fold[which], 2)
    head = fit(logit, answers, 2, decay=0.0)
    parameters |= {
        "gender_slope": float(head.weights[0, 1] - head.weights[0, 0]),
        "gender_offset": float(head.bias[1] - head.bias[0]),
    }
    made = rows("gender", (Gender.FEMALE, Gender.MALE), crossing, answers)
    found += made
    measured["gender_balanced_accuracy"] = balanced(made)
    measured["gender_balanced_accuracy_uncalibrated"] = balanced(
        rows("", ("", ""), np.column_stack([1 - chance, chance]), answers)
    )


def _age(
    all_of: Material,
    labelled: list[Label | None],
    fold: NDArray[np.int64],
    parameters: dict[str, float],
    measured: dict[str, float],
) -> None:
    """A line through the mean of the network's distribution."""
    which = np.array([k for k, one in enumerate(labelled) if one is not None and one.age is not None])
    true = np.array([labelled[k].age for k in which], np.float64)
    chances = all_of.seen.ages[which]
    years = np.arange(1, chances.shape[1] + 1)
    mean = (chances @ years) / chances.sum(axis=1)
    guess = np.empty(len(which))
    for k in np.unique(fold):
        held = fold[which] == k
        guess[held] = np.polyval(np.polyfit(mean[~held], true[~held], 1), mean[held])
    slope, offset = np.polyfit(mean, true, 1)
    parameters |= {"age_slope": float(slope), "age_offset": float(offset)}
    measured |= {
        "age_pictures": float(len(which)),
        "age_mean_error": float(np.abs(guess - true).mean()),
        "age_root_mean_square_error": float(np.sqrt(np.square(guess - true).mean())),
        "age_mean_error_uncalibrated": float(np.abs(mean - true).mean()),
    }


def _expression(
    all_of: Material,
    labelled: list[Label | None],
    found: list[Row],
    parameters: dict[str, float],
    measured: dict[str, float],
) -> None:
    which = np.array([k for k, one in enumerate(labelled) if one is not None and one.expression is not None])
    answers: Answers = np.array([EXPRESSIONS.index(labelled[k].expression) for k in which])
    weigh = np.ones(len(EXPRESSIONS))
    weigh[EXPRESSIONS.index(Expression.NEUTRAL)] = NEUTRAL_WEIGHT
    plain = rows("expression", EXPRESSIONS, all_of.seen.expressions[which], answers)
    made = rows("expression", EXPRESSIONS, all_of.seen.expressions[which] * weigh, answers)
    found += [row for row in made if row.pictures]
    parameters["neutral_weight"] = NEUTRAL_WEIGHT
    for row, unweighted in zip(made, plain, strict=True):
        if row.pictures:
            measured[f"expression_{row.label}_right"] = row.right
            measured[f"expression_{row.label}_right_unweighted"] = unweighted.right
