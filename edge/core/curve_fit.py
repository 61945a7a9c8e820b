"""From templates of known people to the false match rate of their embedding, to hold for other people.

The far tail of measured similarities rests on a handful of people who look alike, and other people have
other look-alikes. Two things make the curve hold better on people it was not fitted on: every pair of
*people* weighs the same, however many pictures they have; and the thresholds from a rate of 3e-2 on are a
quadratic of the rate's normal deviate, fitted to all of them, instead of each measured alone.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edge.core.calibration import FarCurve
from edge.core.tally import STEPS, blocks, similarity_of

METHOD = "each pair of people weighs the same; from 3e-2 down a quadratic of the normal deviate of the rate"
BODY = (0.5, 0.3, 0.1)
"""Rates whose thresholds are measured as they are."""
TAIL = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
"""Rates whose thresholds are fitted, the last ones beyond what is fitted to."""
_FITTED = (3e-2, 1e-5)
_POINTS = 25
_LEAST_PAIRS = 5.0
"""A rate needs at least this many pairs beyond it, to be fitted to and to be claimed."""


def fit_curve(vectors: NDArray[np.float32], people: NDArray[np.intp]) -> FarCurve:
    """Fit the curve of one comparison between single pictures.

    vectors: float32 (N, D), rows of norm 1, all of which show a face. people: (N,), 0, 1, 2 … for each
    person. Raises ValueError when there are too few pictures of different people.
    """
    counts, pairs = _weighted(vectors, people)
    least = _LEAST_PAIRS / max(pairs, 1)
    if least > BODY[-1]:
        raise ValueError(f"{pairs} pairs of pictures of different people are too few to fit a curve")
    body = [rate for rate in BODY if rate >= least]
    tail = [rate for rate in TAIL if rate >= least]
    similarities = [*_quantiles(counts, np.array(body)), *_fit(counts, tail, least)]
    rates = [*body, *tail]
    # Where both parts meet a small sample may turn back; such a point is left out.
    kept = [0]
    for i in range(1, len(rates)):
        if similarities[i] > similarities[kept[-1]]:
            kept.append(i)
    return FarCurve(tuple(float(similarities[i]) for i in kept), tuple(rates[i] for i in kept))


def _weighted(vectors: NDArray[np.float32], people: NDArray[np.intp]) -> tuple[NDArray[np.float64], int]:
    """How the similarities of two people are spread, every pair of people weighing the same; and of how many
    pairs of pictures."""
    weights = 1.0 / np.maximum(np.bincount(people), 1)
    counts, pairs = np.zeros(STEPS + 1), 0
    for steps, rows, columns in blocks(vectors, people):
        is_different = rows != columns
        shares = np.broadcast_to(weights[rows] * weights[columns], steps.shape)[is_different]
        counts += np.bincount(steps[is_different], shares, minlength=STEPS + 1)
        pairs += len(shares)
    return counts / max(counts.sum(), 1e-12), pairs


def _fit(counts: NDArray[np.float64], rates: list[float], least: float) -> NDArray[np.float64]:
    high, low = _FITTED[0], max(_FITTED[1], least)
    if not rates:
        return np.empty(0)
    if low >= high / 3:
        return _quantiles(counts, np.array(rates))
    at = np.geomspace(high, low, _POINTS)
    deviates = _deviates(at)
    # Frequent rates are known better.
    fitted = np.polynomial.Polynomial.fit(deviates, _quantiles(counts, at), 2, w=np.sqrt(at))
    wanted = _deviates(np.array(rates))
    slopes = fitted.deriv()(wanted)
    if np.any(slopes <= 0):
        fitted = np.polynomial.Polynomial.fit(deviates, _quantiles(counts, at), 1, w=np.sqrt(at))
    return np.asarray(fitted(wanted), np.float64)


def _quantiles(counts: NDArray[np.float64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least similarities that at most these shares reach."""
    reaching = counts[::-1].cumsum()[::-1]
    filled = np.flatnonzero(counts)
    similarities = np.array([similarity_of(int(step)) for step in filled])
    known = np.interp(np.log(rates), np.log(reaching[filled])[::-1], similarities[::-1])
    return np.asarray(known, np.float64)


def _deviates(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = NormalDist()
    return np.array([-normal.inv_cdf(float(rate)) for rate in rates])
