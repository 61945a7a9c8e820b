"""Manifests: what they must say, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ManifestInvalid, ModelMissing
from edge.resources import folder
from edge.vision.manifest import find, load_manifest, manifests

VALID = """
task = "detection"
name = "toy"
file = "detection-toy.tflite"
sha256 = "{digest}"
bytes = 10
source = "made here"
version = "1"
licence = "Apache-2.0"
decoder = "anchors-4x1"
[input]
shape = [1, 8, 8, 3]
dtype = "uint8"
color = "RGB"
normalization = "none"
[[output]]
name = "boxes"
shape = [1, 4, 16]
dtype = "float32"
[thresholds]
score = 0.5
"""
DIGEST = "0123456789abcdef" * 4


def written(folder: Path, text: str = VALID, name: str = "detection-toy") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text.replace("{digest}", DIGEST))
    return path


def test_a_manifest_says_what_the_model_is(tmp_path: Path) -> None:
    manifest = load_manifest(written(tmp_path))
    assert manifest.file == tmp_path / "detection-toy.tflite"
    assert manifest.input.size_wh == (8, 8)
    assert manifest.outputs[0].shape == (1, 4, 16)
    assert manifest.threshold("score") == 0.5


def test_the_model_id_holds_name_and_digest(tmp_path: Path) -> None:
    assert load_manifest(written(tmp_path)).model_id == f"toy@{DIGEST[:12]}"


def test_a_missing_manifest_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="tools/build_models"):
        load_manifest(tmp_path / "nothing.toml")


def test_a_missing_threshold_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalid, match="'presence'"):
        load_manifest(written(tmp_path)).threshold("presence")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('decoder = "anchors-4x1"\n', "", "decoder"),
        ("bytes = 10", "bytes = -1", "-1"),
        ("bytes = 10", 'bytes = "10"', "'10'"),
        ('color = "RGB"', 'color = "CMYK"', "CMYK"),
        ('dtype = "uint8"', 'dtype = "complex"', "complex"),
        ("shape = [1, 8, 8, 3]", "shape = [1, 8]", "height"),
        ("{digest}", "abc", "abc"),
        ('file = "detection-toy.tflite"', 'file = "../toy.tflite"', "plain file name"),
        ("score = 0.5", 'score = "high"', "thresholds.score"),
        ("[[output]]", "[output]", "output"),
        ('task = "detection"', "task = ", "cannot read"),
        ("[thresholds]", "[scorecard]\nmethod = 'by hand'\n[thresholds]", "lacks the key 'attack'"),
    ],
)
def test_a_wrong_manifest_is_refused_naming_the_fault(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in VALID
    with pytest.raises(ManifestInvalid, match=named) as caught:
        load_manifest(written(tmp_path, VALID.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_the_only_model_of_a_task_is_found_without_its_name(tmp_path: Path) -> None:
    written(tmp_path)
    assert find("detection", models=tmp_path).name == "toy"


def test_of_several_models_the_default_is_found(tmp_path: Path) -> None:
    written(tmp_path)
    other = VALID.replace('name = "toy"', 'name = "other"\ndefault = true')
    written(tmp_path, other, "detection-other")
    assert find("detection", models=tmp_path).name == "other"
    assert find("detection", "toy", models=tmp_path).name == "toy"


def test_an_open_choice_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, VALID.replace('name = "toy"', 'name = "other"'), "detection-other")
    with pytest.raises(ManifestInvalid, match="other, toy"):
        find("detection", models=tmp_path)


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="embedding-nothing"):
        find("embedding", "nothing", models=tmp_path)


def test_every_manifest_that_ships_is_named_after_task_and_name() -> None:
    shipped = manifests()
    assert shipped
    for manifest in shipped:
        assert manifest.path.stem == f"{manifest.task}-{manifest.name}"
        assert (folder("models") / f"{manifest.path.stem}.md").exists(), f"{manifest.path.stem} has no card"


def test_the_shipped_embedding_has_a_measured_far_curve() -> None:
    curve = find("embedding").far_curve
    assert curve is not None
    assert curve.rates[0] >= 1e-2
    assert curve.rates[-1] <= 1e-6
