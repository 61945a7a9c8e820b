"""Float network in, int8 .tflite out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

Pictures = Iterable[np.ndarray]


def full_int8(function: Callable, shape: tuple[int, ...], examples: Callable[[], Pictures]) -> bytes:
    """Weights and activations int8; uint8 input, float32 outputs.

    function: float32 `shape` -> outputs. examples: inputs as `function` takes them, from real pictures.
    """
    traced = tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[None].astype(np.float32)] for one in examples())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32
    return converter.convert()


def int8_weights(function: Callable, shape: tuple[int, ...]) -> bytes:
    """Weights int8, activations quantized per inference or kept float; uint8 input, float32 outputs.

    function: float32 `shape`, pixels 0..255 -> outputs.
    """
    traced = tf.function(lambda x: function(tf.cast(x, tf.float32)), autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function(tf.TensorSpec(shape, tf.uint8))]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def full_range(picture: np.ndarray) -> np.ndarray:
    """Two pixels set to 0 and 255, so that the calibrated input range is that of a pixel, exactly."""
    picture = picture.copy()
    picture[0, 0, 0], picture[0, 1, 0] = 0, 255
    return picture
