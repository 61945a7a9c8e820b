"""Float network in, int8 .tflite out: throughout, or in the weights only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

from models_build import flatfile

Pictures = Iterable[np.ndarray]
Shape = tuple[int, ...]


def full_int8(function: Callable, shape: Shape, examples: Callable[[], Pictures]) -> bytes:
    """Weights and activations int8; uint8 input, float32 outputs.

    function: float32 `shape` -> outputs. examples: inputs as `function` takes them, from real pictures.
    """
    traced = tf.function(lambda x: function(x), autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function(tf.TensorSpec(shape, tf.float32))]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[None].astype(np.float32)] for one in examples())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32
    return converter.convert()


def int8_weights(function: Callable, shape: Shape) -> bytes:
    """Weights int8 with a scale per channel, unpacked when the model is loaded; all computing in float32.

    function: float32 `shape`, pixels 0..255 -> outputs. uint8 input.
    """
    traced = tf.function(lambda x: function(tf.cast(x, tf.float32)), autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function(tf.TensorSpec(shape, tf.uint8))]
    )
    return flatfile.pack_weights(converter.convert())


def full_range(picture: np.ndarray, least: float, most: float) -> np.ndarray:
    """Two values set to the extremes, so that the calibrated input range is that of a pixel, exactly."""
    picture = picture.copy()
    picture[0, 0, 0], picture[0, 1, 0] = least, most
    return picture
