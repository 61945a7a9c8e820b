"""Say what a face looks like: age, gender, expression, glasses, hair, mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.appearance import Appearance, Estimate, Expression, Gender, Glasses, Hair
from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.errors import AgeFailed, ExpressionFailed, GenderFailed, GlassesFailed, ModelError
from edge.vision.engine import Engine
from edge.vision.geometry import warp
from edge.vision.upright import upright_square

Floats = NDArray[np.float32]
Label = TypeVar("Label", bound=Any)

EXPRESSIONS = (
    Expression.ANGER,
    Expression.DISGUST,
    Expression.FEAR,
    Expression.HAPPINESS,
    Expression.SADNESS,
    Expression.SURPRISE,
    Expression.NEUTRAL,
)
GLASSES = (Glasses.NONE, Glasses.GLASSES, Glasses.SUNGLASSES)
HAIR = (Hair.BALD, Hair.SHORT, Hair.LONG, Hair.COVERED)
"""In the order of the networks' outputs."""

_LEAST = 1e-6


class FaceAttributes:
    """Three networks on two crops. Implements `AttributeModel`; one thread.

    One run of `faceres` gives gender, age and the features that `heads` reads; `expression` looks at a
    smaller gray crop of its own. The parameters are in the manifest of `heads`.
    """

    def __init__(self, faceres: Engine, heads: Engine, expression: Engine) -> None:
        self.faceres = faceres
        self.heads = heads
        self.expression = expression
        parameter = heads.manifest.parameter
        self._crop = parameter("crop")
        self._expression_crop = parameter("expression_crop")
        self._age = parameter("age_slope"), parameter("age_offset")
        self._gender = parameter("gender_slope"), parameter("gender_offset")
        self._prior = np.ones(len(EXPRESSIONS), np.float64)
        self._prior[EXPRESSIONS.index(Expression.NEUTRAL)] = parameter("neutral_weight")

    def describe(self, image: Image, landmarks: Landmarks) -> Appearance:
        """What one face of a uint8 (H, W, 3) BGR picture looks like.

        Raises NoFace for a collapsed mesh; AgeFailed, GenderFailed, ExpressionFailed or GlassesFailed
        for a network whose answer is no number.
        """
        features, male, ages = self.faceres.infer(self._cut(image, landmarks, self.faceres, self._crop))
        age, deviation = self._age_of(ages)
        self.heads.input[...] = features.reshape(self.heads.input.shape)
        glasses, hair, mask = (_finite(values, GlassesFailed, "glasses") for values in self.heads.invoke())
        return Appearance(
            age=age,
            age_deviation=deviation,
            gender=self._gender_of(male),
            expression=self._expression_of(image, landmarks),
            glasses=_likeliest(GLASSES, glasses),
            hair=_likeliest(HAIR, hair),
            mask=float(mask[0]),
        )

    def _cut(self, image: Image, landmarks: Landmarks, engine: Engine, scale: float) -> Image:
        size = engine.manifest.input.size_wh[0]
        return warp(image, upright_square(landmarks, scale, size), size)

    def _age_of(self, answer: Floats) -> tuple[float, float]:
        """Mean and standard deviation, years. The network draws everybody to middle age; a line undoes it."""
        chances = _finite(answer, AgeFailed, "age")
        chances = chances / max(chances.sum(), _LEAST)
        years = np.arange(1, len(chances) + 1)
        mean = float(chances @ years)
        deviation = math.sqrt(max(0.0, float(chances @ np.square(years - mean))))
        slope, offset = self._age
        return max(0.0, slope * mean + offset), deviation

    def _gender_of(self, answer: Floats) -> Estimate[Gender]:
        chance = min(max(float(_finite(answer, GenderFailed, "gender")[0]), _LEAST), 1.0 - _LEAST)
        slope, offset = self._gender
        male = 1.0 / (1.0 + math.exp(-(slope * math.log(chance / (1.0 - chance)) + offset)))
        return Estimate(Gender.MALE, male) if male >= 0.5 else Estimate(Gender.FEMALE, 1.0 - male)

    def _expression_of(self, image: Image, landmarks: Landmarks) -> Estimate[Expression]:
        crop = self._cut(image, landmarks, self.expression, self._expression_crop)
        gray = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
        (answer,) = self.expression.infer(gray[..., None])
        chances = _finite(answer, ExpressionFailed, "expression") * self._prior
        return _likeliest(EXPRESSIONS, chances / max(chances.sum(), _LEAST))


def open_attributes(engine: Callable[[str, str | None], Engine]) -> FaceAttributes:
    """engine: opens the model of a task and name, and closes it in the end; raises ModelError."""
    return FaceAttributes(
        faceres=engine("attributes", "faceres"),
        heads=engine("appearance", None),
        expression=engine("expression", None),
    )


def _likeliest(labels: Sequence[Label], chances: NDArray[np.float64]) -> Estimate[Label]:
    best = int(chances.argmax())
    return Estimate(labels[best], float(chances[best]))


def _finite(answer: Floats, failure: type[ModelError], what: str) -> NDArray[np.float64]:
    values = answer.reshape(-1).astype(np.float64)
    if not np.isfinite(values).all():
        raise failure(f"the network for {what} answers {values[:3]}…; reinstall or run tools/build_models")
    return values
