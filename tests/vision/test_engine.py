"""One inference on every model that ships, and refusal of files that are not what they should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EngineUnavailable, ModelDigestMismatch, ModelError, ModelMismatch, ModelMissing
from edge.vision.engine import Engine, open_model
from edge.vision.manifest import Manifest, find, manifests

SHIPPED = [manifest for manifest in manifests() if manifest.file.exists() and not manifest.parts]


def noise(manifest: Manifest) -> np.ndarray:
    shape = manifest.input.shape[1:]
    return np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("manifest", SHIPPED, ids=lambda manifest: manifest.path.stem)
def test_every_model_that_ships_runs_and_gives_what_its_manifest_says(manifest: Manifest) -> None:
    with Engine(manifest) as engine:
        outputs = engine.infer(noise(manifest))
    assert [(array.shape, array.dtype.name) for array in outputs] == [
        (output.shape, output.dtype) for output in manifest.outputs
    ]
    assert all(np.isfinite(array).all() for array in outputs)
    assert all(np.ptp(array) > 0.0 for array in outputs if array.size > 1)


def test_the_five_vision_models_ship() -> None:
    stems = {manifest.path.stem for manifest in SHIPPED}
    assert stems >= {"detection-near", "detection-far", "landmarks-mesh", "iris-eye", "embedding-dlib-resnet"}


def test_an_engine_counts_only_real_work(near: Engine) -> None:
    with open_model(near.manifest) as engine:
        assert engine.invokes == 0
        engine.infer(noise(engine.manifest))
        engine.invoke()
        assert engine.invokes == 2
        assert engine.invoke_total_s > engine.last_invoke_s > 0.0


def test_float_input_is_normalized_as_the_manifest_says(near: Engine) -> None:
    spec = replace(near.manifest.input, dtype="float32", mean=(127.5,), std=(127.5,))
    engine = Engine(replace(near.manifest, input=spec))
    engine.put(np.full(spec.shape[1:], 255, np.uint8))
    assert engine.input.dtype == np.float32
    assert np.all(engine.input == 1.0)


def test_a_missing_file_is_refused_with_the_cure(tmp_path: Path) -> None:
    manifest = replace(find("detection", "near"), file=tmp_path / "gone.tflite")
    with pytest.raises(ModelMissing, match=r"gone\.tflite.*tools/build_models"):
        open_model(manifest)


def test_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    manifest = find("detection", "near")
    content = bytearray(manifest.file.read_bytes())
    content[len(content) // 2] ^= 1
    copy = tmp_path / "near.tflite"
    copy.write_bytes(content)
    with pytest.raises(ModelDigestMismatch, match="tools/build_models"):
        open_model(replace(manifest, file=copy))


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    manifest = find("detection", "near")
    copy = tmp_path / "near.tflite"
    copy.write_bytes(manifest.file.read_bytes()[:-1])
    with pytest.raises(ModelDigestMismatch):
        open_model(replace(manifest, file=copy))


def test_a_model_of_another_input_shape_is_refused() -> None:
    manifest = find("detection", "near")
    spec = replace(manifest.input, shape=(1, 64, 64, 3))
    with pytest.raises(ModelMismatch, match=r"takes .*128, 128.*64, 64"):
        open_model(replace(manifest, input=spec))


def test_a_model_of_another_output_shape_is_refused() -> None:
    manifest = find("detection", "near")
    outputs = (replace(manifest.outputs[0], shape=(1, 5, 16)), manifest.outputs[1])
    with pytest.raises(ModelMismatch, match="boxes_and_keypoints"):
        open_model(replace(manifest, outputs=outputs))


def test_bytes_that_are_no_network_are_refused(tmp_path: Path) -> None:
    import hashlib

    content = b"TFL3 this is not a network" * 10
    file = tmp_path / "bad.tflite"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(ModelMismatch, match="cannot be run") as caught:
        open_model(replace(find("detection", "near"), file=file, sha256=digest, bytes=len(content)))
    assert "\n" not in str(caught.value)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="litert or tflite-runtime"):
        open_model(find("detection", "near"), engine="abacus")


class Broken:
    """An interpreter that cannot run its graph."""

    def set_tensor(self, index, value):
        pass

    def invoke(self):
        raise RuntimeError("failed to prepare node 3\nmore")


def test_a_network_that_cannot_be_run_is_an_error_of_ours(near: Engine) -> None:
    real, near._interpreter = near._interpreter, Broken()
    try:
        with pytest.raises(ModelError, match=r"cannot be run.*reinstall") as caught:
            near.invoke()
    finally:
        near._interpreter = real
    assert "\n" not in str(caught.value)
