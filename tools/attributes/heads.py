"""Linear heads on features: fitting, cross-validation by person, temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Floats = NDArray[np.float32]
Answers = NDArray[np.int64]

FOLDS = 5
DECAY = 0.01
BALANCE = 0.5
"""Classes weigh as their frequency to the power of minus this: 0 is as they come, 1 all alike."""
_LEAST_DEVIATION = 0.05
_STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """logits = features @ weights + bias. weights: float32 (1024, K). bias: float32 (K,)."""

    weights: Floats
    bias: Floats

    def logits(self, features: Floats) -> Floats:
        return features @ self.weights + self.bias

    def cooled(self, temperature: float) -> Head:
        return Head(self.weights / np.float32(temperature), self.bias / np.float32(temperature))


def fit(features: Floats, answers: Answers, classes: int, decay: float = DECAY) -> Head:
    """Multinomial logistic regression on standardized features."""
    mean, deviation = features.mean(0), features.std(0) + _LEAST_DEVIATION
    inputs, targets = torch.from_numpy((features - mean) / deviation), torch.from_numpy(answers)
    counts = np.maximum(np.bincount(answers, minlength=classes), 1)
    weigh = torch.from_numpy(((len(answers) / classes / counts) ** BALANCE).astype(np.float32))
    weights = torch.zeros(features.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        wrong = functional.cross_entropy(inputs @ weights + bias, targets, weight=weigh)
        total = wrong + decay * weights.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    scaled = weights.detach().numpy() / deviation[:, None]
    return Head(scaled.astype(np.float32), (bias.detach().numpy() - mean @ scaled).astype(np.float32))


def folds(groups: NDArray[np.str_], seed: int) -> NDArray[np.int64]:
    """A fold (0..4) for each row; a group is never in two."""
    names, which = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[which]


def crossed(features: Floats, answers: Answers, fold: NDArray[np.int64], classes: int) -> Floats:
    """Logits (N, K) of every row by a head fitted on the other folds."""
    logits = np.zeros((len(answers), classes), np.float32)
    for k in range(FOLDS):
        held = fold == k
        logits[held] = fit(features[~held], answers[~held], classes).logits(features[held])
    return logits


def softmax(logits: Floats) -> Floats:
    risen = np.exp(logits - logits.max(axis=1, keepdims=True))
    return risen / risen.sum(axis=1, keepdims=True)


def temperature(logits: Floats, answers: Answers) -> float:
    """What to divide the logits by, for the probabilities to be as likely as can be."""

    def surprise(t: float) -> float:
        return float(-np.log(softmax(logits / t)[np.arange(len(answers)), answers] + 1e-12).mean())

    return float(min(np.geomspace(0.3, 3.0, 93), key=surprise))
