"""`ostiary face detect` and `ostiary face locate`, on the demo's portraits."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.command import ostiary

PORTRAITS = Path(__file__).parents[2] / "edge" / "demo" / "portraits"
HOPPER, COLLINS = PORTRAITS / "grace_hopper.jpg", PORTRAITS / "eileen_collins.jpg"


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Both portraits beside each other, one of them smaller."""
    one, other = cv2.imread(str(HOPPER)), cv2.imread(str(COLLINS))
    canvas = np.full((600, 1024, 3), 128, np.uint8)
    canvas[:, :512] = one[:, :512]
    canvas[:512, 512:] = other
    file = tmp_path / "pair.png"
    cv2.imwrite(str(file), canvas)
    return file


def test_detect_tells_box_confidence_and_pose() -> None:
    done = ostiary("face", "detect", HOPPER, "--json")
    assert done.code == 0, done.err
    (picture,) = json.loads(done.out)["pictures"]
    assert (picture["picture"], picture["width"], picture["height"]) == (str(HOPPER), 512, 600)
    (face,) = picture["faces"]
    assert set(face) == {"box", "confidence", "pose"}
    x0, y0, x1, y1 = face["box"]
    assert x0 < 262 < x1
    assert y0 < 230 < y1
    assert face["confidence"] > 0.5
    assert all(abs(angle) < 15 for angle in face["pose"].values())


def test_a_folder_stands_for_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.jpg", "deep/a.jpg"):
        (tmp_path / name).write_bytes(HOPPER.read_bytes())
    (tmp_path / "notes.txt").write_text("not a picture")
    done = ostiary("face", "detect", tmp_path, "--largest", "--json")
    assert done.code == 0, done.err
    pictures = json.loads(done.out)["pictures"]
    assert [one["picture"] for one in pictures] == [str(tmp_path / "b.jpg"), str(tmp_path / "deep" / "a.jpg")]
    assert [len(one["faces"]) for one in pictures] == [1, 1]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    done = ostiary("face", "detect", tmp_path)
    assert done.is_one_line_error
    assert "no pictures in the folder" in done.err


def test_detect_tells_quality_when_asked() -> None:
    done = ostiary("face", "detect", HOPPER, "--quality", "--json")
    assert done.code == 0, done.err
    (face,) = json.loads(done.out)["pictures"][0]["faces"]
    assert face["quality"]["level"] >= 3
    assert face["quality"]["freedom"]["blur"] > 0.5
    assert face["eyes_open"]["left"] > 0.5
    assert face["mouth_open"] < 0.5
    assert "attributes" not in face


def test_a_covered_mouth_is_told(tmp_path: Path) -> None:
    image = cv2.imread(str(HOPPER))
    # From below the nose to below the chin.
    cv2.rectangle(image, (180, 268), (345, 400), (200, 160, 60), cv2.FILLED)
    file = tmp_path / "covered.png"
    cv2.imwrite(str(file), image)
    done = ostiary("face", "detect", file, "--quality", "--json")
    assert done.code == 0, done.err
    (face,) = json.loads(done.out)["pictures"][0]["faces"]
    assert "covered_mouth" in face["quality"]["flaws"]
    assert "covered_eyes" not in face["quality"]["flaws"]
    assert face["quality"]["level"] == 1


def test_attributes_are_told_when_asked() -> None:
    done = ostiary("face", "detect", COLLINS, "--attributes", "--json")
    assert done.code == 0, done.err
    (face,) = json.loads(done.out)["pictures"][0]["faces"]
    assert {"age", "gender", "expression", "glasses", "hair", "mask"} <= set(face["attributes"])
    assert face["attributes"]["beauty"] is None


def test_the_largest_face_comes_first_and_alone_when_asked(pair: Path) -> None:
    both = json.loads(ostiary("face", "detect", pair, "--json").out)["pictures"][0]["faces"]
    assert len(both) == 2
    assert both[0]["box"][0] < 512 < both[1]["box"][0]
    for options in (("--largest",), ("--max-faces", "1"), ("--min-face", "170")):
        found = json.loads(ostiary("face", "detect", pair, *options, "--json").out)["pictures"][0]["faces"]
        assert found == both[:1], options


def test_one_bad_picture_of_several_ends_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    done = ostiary("face", "detect", HOPPER, broken, "--json")
    assert done.code == 0
    first, second = json.loads(done.out)["pictures"]
    assert len(first["faces"]) == 1
    assert second["error"]["code"] == "FailedOperation.ImageDecodeFailed"


def test_nobody_is_an_error(tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((300, 300, 3), 128, np.uint8))
    done = ostiary("face", "detect", wall, "--json")
    assert done.code == 5
    assert json.loads(done.out)["error"]["code"] == "InvalidParameterValue.NoFaceInPhoto"


def test_a_face_on_its_side_is_found_where_it_lies(tmp_path: Path) -> None:
    image = cv2.imread(str(HOPPER))
    lying = tmp_path / "lying.png"
    cv2.imwrite(str(lying), cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))
    upright = json.loads(ostiary("face", "locate", HOPPER, "--json").out)["pictures"][0]["faces"][0]
    done = ostiary("face", "locate", lying, "--rotate", "--json")
    assert done.code == 0, done.err
    picture = json.loads(done.out)["pictures"][0]
    assert (picture["width"], picture["height"]) == (600, 512)
    for part, points in picture["faces"][0]["keypoints"].items():
        x, y = np.array(upright["keypoints"][part]).T
        np.testing.assert_allclose(points, np.column_stack([600 - y, x]), atol=12)


def test_locate_gives_the_ninety_points_in_order() -> None:
    done = ostiary("face", "locate", HOPPER, "--json")
    assert done.code == 0, done.err
    (face,) = json.loads(done.out)["pictures"][0]["faces"]
    counts = {part: len(points) for part, points in face["keypoints"].items()}
    assert list(counts.items()) == [
        ("FaceProfile", 21), ("LeftEye", 8), ("RightEye", 8), ("LeftEyeBrow", 8), ("RightEyeBrow", 8),
        ("Mouth", 22), ("Nose", 13), ("LeftPupil", 1), ("RightPupil", 1),
    ]  # fmt: skip
    (left,), (right,) = face["keypoints"]["LeftPupil"], face["keypoints"]["RightPupil"]
    np.testing.assert_allclose(left, (222, 190), atol=8)
    np.testing.assert_allclose(right, (308, 188), atol=8)


@pytest.mark.parametrize("command", ["detect", "locate"])
def test_drawings_and_tables(command: str, tmp_path: Path) -> None:
    drawing = tmp_path / "out.png"
    done = ostiary("face", command, HOPPER, "--draw", drawing)
    assert done.code == 0, done.err
    assert "grace_hopper" in done.out.replace("\n", "")
    drawn, image = cv2.imread(str(drawing)), cv2.imread(str(HOPPER))
    assert drawn.shape == image.shape
    assert (drawn != image).any()
    assert ostiary("face", command, HOPPER, COLLINS, "--draw", drawing).code == 2
    assert ostiary("face", command, HOPPER, "--draw", tmp_path / "out.gif").code == 2
