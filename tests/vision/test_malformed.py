"""A thousand malformed pictures crash nothing, are refused with a code or read, and leak no memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge.demo.scenes import enrolment_pictures
from edge.vision.image import read_picture
from tests.vision.malformed import kinds, malformed

COUNT = 1500
ROOT = Path(__file__).resolve().parents[2]


def is_code(name: str) -> bool:
    return name.split(".")[0] in ("FailedOperation", "InvalidParameterValue") and " " not in name


@pytest.fixture(scope="module")
def originals() -> list:
    pictures = enrolment_pictures("eileen_collins")[:1] + enrolment_pictures("grace_hopper")[:1]
    sizes = ((160, 120), (97, 131))
    return [cv2.resize(picture, size) for picture, size in zip(pictures, sizes, strict=True)]


@pytest.fixture(scope="module")
def result(originals: list, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a process of its own makes of all the pictures; a native crash would end that one."""
    folder = tmp_path_factory.mktemp("originals")
    for number, picture in enumerate(originals):
        cv2.imwrite(str(folder / f"{number}.jpg"), picture)
    program = [sys.executable, "-m", "tests.vision.malformed", str(COUNT), str(folder)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_way_to_store_a_picture_is_read(originals: list) -> None:
    for original in originals:
        for number, picture in enumerate(kinds(original)):
            # A JPEG that lies about its channels is no picture, but must not crash anything either.
            if number != 4:
                assert read_picture(picture).image.shape == original.shape, number


def test_every_malformed_picture_is_refused_with_a_code_or_read(result: dict) -> None:
    assert sum(result["outcomes"].values()) == COUNT
    assert all(name == "read" or is_code(name) for name in result["outcomes"]), result["outcomes"]
    assert result["outcomes"]["read"] >= COUNT // 20
    assert result["outcomes"]["FailedOperation.ImageDecodeFailed"] >= COUNT // 10


@pytest.mark.parametrize(
    "code",
    [
        "InvalidParameterValue.ImageEmpty",
        "FailedOperation.ImageResolutionExceed",
        "FailedOperation.ImageResolutionTooSmall",
    ],
)
def test_the_fuzzer_reaches_every_limit_it_can(result: dict, code: str) -> None:
    assert result["outcomes"][code] >= 1


def test_reading_malformed_pictures_again_and_again_leaks_no_memory(result: dict) -> None:
    """A leak of one small picture each time would be 50 MiB and more."""
    assert result["grown_kib"] < 24 * 1024


def test_a_malformed_picture_is_the_same_on_every_run(originals: list) -> None:
    sources = kinds(originals[0])
    assert [malformed(seed, sources) for seed in range(20)] == [
        malformed(seed, sources) for seed in range(20)
    ]
