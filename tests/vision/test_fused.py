"""The default embedding: two networks, one template."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.fusion import fuse
from edge.errors import ModelDigestMismatch, ModelMismatch, NoFace
from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedder import FaceEmbedder
from edge.vision.embedding import open_embedder, part_manifests
from edge.vision.engine import Engine
from edge.vision.fused import FusedEmbedder, Projection, load_projection
from edge.vision.manifest import Manifest, PartSpec, find
from edge.vision.mesh import FaceMesh

PEOPLE = 12
DIMENSIONS = 256


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return find("embedding", "fused")


@pytest.fixture(scope="module")
def embedder(manifest: Manifest) -> Iterator[FusedEmbedder]:
    opened = open_embedder(manifest)
    assert isinstance(opened, FusedEmbedder)
    yield opened
    for engine in opened.engines:
        engine.close()


@pytest.fixture(scope="module")
def describer(near: Engine, far: Engine, mesh_engine: Engine, embedder: FusedEmbedder) -> FaceDescriber:
    return FaceDescriber(FaceDetector(near, far), FaceMesh(mesh_engine), embedder)


@pytest.fixture(scope="module")
def pairs(data: Path) -> list[tuple[Image, Image]]:
    seconds = sorted((data / "lfw_dev").glob("*/*_0002.jpg"))[25::50][:PEOPLE]
    return [(read(path.with_name(path.name.replace("0002", "0001"))), read(path)) for path in seconds]


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def written(manifest: Manifest, folder: Path, **arrays: np.ndarray) -> Manifest:
    """The manifest of a projection file with these arrays."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    content = stream.getvalue()
    file = folder / "embedding-fused.npz"
    file.write_bytes(content)
    return replace(manifest, file=file, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_it_is_the_default(manifest: Manifest) -> None:
    assert find("embedding").name == manifest.name


def test_a_template_is_256_numbers_of_norm_one(
    describer: FaceDescriber, pairs: list[tuple[Image, Image]], manifest: Manifest
) -> None:
    found = describer.describe(pairs[0][0])
    assert found is not None
    assert found.embedding.vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(found.embedding.vector) == pytest.approx(1.0, abs=1e-5)
    assert found.embedding.model == manifest.model_id


def test_one_person_is_more_alike_than_two(
    describer: FaceDescriber, pairs: list[tuple[Image, Image]], manifest: Manifest
) -> None:
    firsts, seconds = ([describer.describe(picture) for picture in side] for side in zip(*pairs, strict=True))
    vectors = [np.stack([found.embedding.vector for found in side if found]) for side in (firsts, seconds)]
    scores = vectors[0] @ vectors[1].T
    assert manifest.far_curve is not None
    threshold = manifest.far_curve.similarity_at(1e-3)
    others = ~np.eye(len(pairs), dtype=bool)
    assert (np.diag(scores) >= threshold).mean() > 0.9
    assert (scores[others] >= threshold).mean() < 0.03


def test_a_mirrored_face_is_the_same_face(
    describer: FaceDescriber, pairs: list[tuple[Image, Image]], manifest: Manifest
) -> None:
    picture = pairs[1][0]
    one, other = describer.describe(picture), describer.describe(np.ascontiguousarray(picture[:, ::-1]))
    assert one is not None
    assert other is not None
    assert manifest.far_curve is not None
    assert float(one.embedding.vector @ other.embedding.vector) > manifest.far_curve.similarity_at(1e-6)


def test_two_glances_are_as_good_as_a_template(
    describer: FaceDescriber,
    embedder: FusedEmbedder,
    pairs: list[tuple[Image, Image]],
    manifest: Manifest,
) -> None:
    assert manifest.far_curve is not None
    threshold = manifest.far_curve.similarity_at(1e-3)
    enrolled, fused, glanced = [], [], []
    for first, second in pairs:
        known, probe = describer.describe(first), describer.describe(second)
        assert known is not None
        assert probe is not None
        sides = [embedder.glance(second, probe.landmarks, mirrored).vector for mirrored in (False, True)]
        assert not np.array_equal(*sides)
        assert float(sides[0] @ sides[1]) > manifest.far_curve.similarity_at(1e-6)
        enrolled.append(known.embedding.vector)
        glanced.append(sides[0])
        fused.append(fuse(np.stack(sides), np.ones(2, np.float32)))
        assert float(fused[-1] @ probe.embedding.vector) > 0.99
    others = ~np.eye(len(pairs), dtype=bool)
    for probes in (glanced, fused):
        scores = np.stack(enrolled) @ np.stack(probes).T
        assert (np.diag(scores) >= threshold).mean() > 0.9
        assert (scores[others] >= threshold).mean() < 0.03


def test_eight_bits_a_number_are_enough(describer: FaceDescriber, pairs: list[tuple[Image, Image]]) -> None:
    found = describer.describe(pairs[2][0])
    assert found is not None
    vector = found.embedding.vector
    step = float(np.abs(vector).max()) / 127
    assert float(vector @ (np.round(vector / step) * step)) == pytest.approx(1.0, abs=2e-3)


def test_a_collapsed_mesh_is_refused(embedder: FusedEmbedder, pairs: list[tuple[Image, Image]]) -> None:
    with pytest.raises(NoFace, match="coincide"):
        embedder.embed(pairs[0][0], Landmarks(np.full((468, 3), 50.0, np.float32), 1.0))


def test_the_id_changes_with_every_part(manifest: Manifest) -> None:
    first, second = manifest.parts
    changed = replace(manifest, parts=(first, replace(second, sha256="0" * 64)))
    assert changed.model_id != manifest.model_id
    assert replace(manifest, sha256="0" * 64).model_id != manifest.model_id


def test_a_part_that_it_was_not_fitted_to_is_refused(manifest: Manifest) -> None:
    first, second = manifest.parts
    with pytest.raises(ModelDigestMismatch, match="attributes-faceres"):
        part_manifests(replace(manifest, parts=(first, replace(second, sha256="0" * 64))))


def test_a_single_part_is_refused(manifest: Manifest) -> None:
    part = PartSpec("embedding", "dlib-resnet", find("embedding", "dlib-resnet").sha256)
    with pytest.raises(ModelMismatch, match="1 parts"):
        open_embedder(replace(manifest, parts=(part,)), Engine)


def test_an_embedding_without_parts_is_one_network() -> None:
    assert isinstance(open_embedder(find("embedding", "dlib-resnet"), Engine), FaceEmbedder)


def test_a_projection_of_another_size_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    shipped = load_projection(manifest)
    arrays = {"offsets": shipped.offsets, "shared": shipped.shared, "lead": shipped.lead}
    with pytest.raises(ModelMismatch, match=r"matrix .* \(8, 1152\)"):
        load_projection(written(manifest, tmp_path, **arrays, matrix=shipped.matrix[:8]))


def test_a_projection_with_something_missing_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(ModelMismatch, match="no projection"):
        load_projection(written(manifest, tmp_path, matrix=np.zeros((2, 2))))


def test_a_projection_with_python_objects_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    objects = np.array([{"run": "me"}], dtype=object)
    with pytest.raises(ModelMismatch, match="no projection"):
        load_projection(written(manifest, tmp_path, offsets=objects))


def test_what_the_projection_drops_does_not_make_faces_alike() -> None:
    shared, lead = np.eye(3, dtype=np.float32)[0], np.array([1.0, 0.0], np.float32)
    matrix = np.array([[0, 0, 0], [0, 1, 0]], np.float32)
    project = Projection(np.zeros((2, 1), np.float32), 1.0, shared, lead, matrix)
    kept = project(np.array([0.6, 0.8], np.float32), np.zeros((2, 1), np.float32))
    dropped = project(np.array([0.6, 0.08], np.float32), np.full((2, 1), 0.79, np.float32))
    assert kept == pytest.approx([0.6, 0.8], abs=1e-5)
    assert dropped[1] > 0.5
