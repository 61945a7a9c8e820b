"""What an embedding achieves on the evaluation data: accuracy, accepted pairs, and its false accept curve."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.curve_fit import METHOD, fit_curve
from edge.core.score import ScoreScale, rate_of
from models_build.pictures import data_folder

FOLDS = 10
RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
SCORES = (40, 50, 60)
FOLDS_HELD_OUT = 5
"""A fifth of the people is held out in turns, and the embedding fitted to the others."""
SPLITS = 2
"""So many times, at random."""


def figures(paths: list[Path], vectors: np.ndarray, found: np.ndarray, excess: float = 1.0) -> dict[str, Any]:
    """The tables `measured` and `far_curve` of a manifest. found: bool (N,), where there is a face.

    excess: how many times as often other people are taken for each other than those the embedding was
    fitted to. The curve is made stricter by it.
    """
    people = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    genuine, impostors = similarities(vectors[found], people[found])
    curve = fit_curve(vectors[found], np.unique(people[found], return_inverse=True)[1])
    measured: dict[str, float] = {
        "lfw_dev_pictures": len(paths),
        "lfw_dev_found": int(found.sum()),
        "lfw_dev_accuracy": accuracy(paths, vectors),
    }
    for rate, share in zip(RATES, accepted(genuine, impostors, RATES), strict=True):
        measured[f"tar_at_far_1e{round(-np.log10(rate))}"] = round(share, 4)
    return {
        "measured": measured,
        "far_curve": {
            "count": len(impostors),
            "method": f"pairs of pictures of different people in lfw_dev, one comparison each: {METHOD}"
            + (f"; for {excess:.2f} times the rate, as on people not fitted to" if excess != 1.0 else ""),
            "similarity": [round(curve.similarity_at(rate / excess), 5) for rate in curve.rates],
            "fmr": list(curve.rates),
        },
    }


def held_out(
    vectors_of: Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]], people: np.ndarray
) -> dict[str, float]:
    """Means over people that nothing was fitted to.

    vectors_of: fits an embedding to the pictures of these numbers, and returns what embeds others.
    """
    rows: dict[str, list[float]] = {}
    for train, test in folds(people):
        embed = vectors_of(train)
        scale = ScoreScale(fit_curve(embed(train), np.unique(people[train], return_inverse=True)[1]))
        genuine, impostors = similarities(embed(test), people[test])
        for score in SCORES:
            share = float((impostors >= scale.similarity(score)).mean())
            rows.setdefault(f"held_out_far_over_claim_at_score_{score}", []).append(share / rate_of(score))
        for rate, share in zip(RATES[1:4], accepted(genuine, impostors, RATES[1:4]), strict=True):
            rows.setdefault(f"held_out_tar_at_far_1e{round(-np.log10(rate))}", []).append(share)
    return {name: round(float(np.mean(values)), 4) for name, values in rows.items()}


def folds(people: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Picture numbers to fit to and to measure on, of different people."""
    count = int(people.max()) + 1
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(count)
        for number in range(FOLDS_HELD_OUT):
            is_held_out = np.isin(people, order[number::FOLDS_HELD_OUT])
            yield np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def similarities(vectors: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all same pairs, and of all different pairs from high to low."""
    rows, columns = np.triu_indices(len(vectors), 1)
    values = (vectors @ vectors.T)[rows, columns]
    same = people[rows] == people[columns]
    return values[same], np.sort(values[~same])[::-1]


def accepted(genuine: np.ndarray, impostors: np.ndarray, rates: tuple[float, ...]) -> list[float]:
    """The share of same pairs above the threshold that so many of the different pairs reach."""
    return [float((genuine >= impostors[int(rate * len(impostors))]).mean()) for rate in rates]


def accuracy(paths: list[Path], vectors: np.ndarray) -> float:
    """The mean over ten folds, each with the threshold that is best on the other nine."""
    index = {path.name: number for number, path in enumerate(paths)}
    with (data_folder() / "lfw_dev_pairs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    pairs = np.array([(index[Path(row["a"]).name], index[Path(row["b"]).name]) for row in rows])
    same = np.array([row["same"].lower() in ("1", "true") for row in rows])
    scores = np.sum(vectors[pairs[:, 0]] * vectors[pairs[:, 1]], axis=1)
    folds = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    right = []
    for fold in range(FOLDS):
        others = folds != fold
        order = np.sort(scores[others])
        threshold = max(np.unique(np.round(order, 4)), key=lambda t: ((scores >= t) == same)[others].mean())
        right.append(((scores >= threshold) == same)[~others].mean())
    return round(float(np.mean(right)), 4)
