"""The heads as one TFLite file."""

from __future__ import annotations

import tensorflow as tf

from attributes.heads import Head

FEATURES = 1024


def to_tflite(glasses: Head, hair: Head, mask: Head) -> bytes:
    """float32 (1, 1, 1, 1024) features in; float32 probabilities (1, 3), (1, 4) and (1, 1) out."""

    def chances(features: tf.Tensor) -> list[tf.Tensor]:
        flat = tf.reshape(features, (1, FEATURES))
        made = [flat @ head.weights + head.bias for head in (glasses, hair, mask)]
        return [tf.nn.softmax(made[0]), tf.nn.softmax(made[1]), tf.nn.sigmoid(made[2])]

    traced = tf.function(chances, autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function(tf.TensorSpec((1, 1, 1, FEATURES), tf.float32))]
    )
    return bytes(converter.convert())
