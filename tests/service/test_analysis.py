"""Detect and analyse, and localise, over fakes of the networks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from edge.core.appearance import Appearance, Estimate, Expression, Gender, Glasses, Hair
from edge.core.eyes import Eye
from edge.core.face import Face, Landmarks, Points
from edge.core.frame import Image
from edge.core.keypoints import Part
from edge.core.picture import Turned
from edge.core.quality_levels import Clarity, Completeness
from edge.errors import ContourFailed, PoseFailed
from edge.service.analysis import FaceAnalysis
from edge.service.localization import Localizer
from edge.service.pictures import FoundFace, View
from tests.factories import a_face

WIDTH, HEIGHT = 640, 480
APPEARANCE = Appearance(
    age=41.26,
    age_deviation=9.0,
    gender=Estimate(Gender.FEMALE, 0.9),
    expression=Estimate(Expression.NEUTRAL, 0.6),
    glasses=Estimate(Glasses.NONE, 0.8),
    hair=Estimate(Hair.LONG, 0.7),
    mask=0.05,
)


def a_mesh(seed: int = 0) -> Points:
    points = np.random.default_rng(seed).uniform(100, 200, (468, 3)).astype(np.float32)
    points[33], points[133], points[362], points[263] = ((x, 150, 0) for x in (120, 140, 160, 180))
    points[10], points[152] = (150, 100, 0), (150, 200, 0)
    return points


@dataclass
class Networks:
    """Every network behind analysis, counting what it was asked."""

    visible: Completeness = field(default_factory=lambda: Completeness(1, 1, 1, 1, 1, 1))
    asked: list[str] = field(default_factory=list)

    def locate(self, image: Image, landmarks: Landmarks) -> tuple[Eye, Eye]:
        self.asked.append("eyes")
        lids = np.column_stack([np.linspace(0, 20, 9), np.full(9, 5.0), np.zeros(9)])
        upper = lids[1:-1] - (0, 10, 0)
        contour = np.concatenate([lids, upper, np.zeros((55, 3))]).astype(np.float32)
        right, left = (contour + np.array([x, 150, 0], np.float32) for x in (120, 160))
        return Eye(right, np.full((5, 3), 130, np.float32)), Eye(left, np.full((5, 3), 170, np.float32))

    def measure(self, image: Image, landmarks: Landmarks) -> Completeness:
        self.asked.append("occlusion")
        return self.visible

    def describe(self, image: Image, landmarks: Landmarks) -> Appearance:
        self.asked.append("attributes")
        return APPEARANCE


@pytest.fixture
def networks() -> Networks:
    return Networks()


@pytest.fixture
def analysis(networks: Networks) -> FaceAnalysis:
    return FaceAnalysis(networks, networks, lambda image, landmarks: Clarity(1, 1, 1), networks)


def a_view(count: int = 1, quarters: int = 0) -> View:
    faces = tuple(FoundFace(a_face(size=200.0 - 10 * k), Landmarks(a_mesh(k), 1.0)) for k in range(count))
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    return View(image, Turned(quarters, HEIGHT if quarters % 2 else WIDTH, 0), faces)


def test_without_being_asked_no_further_network_looks(analysis: FaceAnalysis, networks: Networks) -> None:
    (face,) = analysis.analyse(a_view())
    assert networks.asked == []
    assert (face.quality, face.openness, face.appearance) == (None, None, None)
    assert set(face.as_json()) == {"box", "confidence", "pose"}
    assert face.pose.roll == pytest.approx(0.0, abs=0.1)


def test_quality_brings_eyes_and_mouth_but_no_attributes(analysis: FaceAnalysis, networks: Networks) -> None:
    (face,) = analysis.analyse(a_view(), with_quality=True)
    assert networks.asked == ["occlusion", "eyes"]
    found = face.as_json()
    assert found["eyes_open"] == {"left": pytest.approx(1.0, abs=0.01), "right": pytest.approx(1.0, abs=0.01)}
    assert "attributes" not in found
    quality = found["quality"]
    assert isinstance(quality, dict)
    assert set(quality) == {"score", "level", "freedom", "flaws", "slight"}


def test_attributes_are_told_when_asked_for(analysis: FaceAnalysis, networks: Networks) -> None:
    (face,) = analysis.analyse(a_view(), with_attributes=True)
    assert face.appearance == APPEARANCE
    attributes = face.as_json()["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["age"] == 41.3
    assert attributes["gender"] == {"label": "female", "probability": 0.9}
    assert attributes["beauty"] is None


def test_a_device_without_attribute_networks_tells_none(networks: Networks) -> None:
    analysis = FaceAnalysis(networks, networks, lambda image, landmarks: Clarity(1, 1, 1))
    (face,) = analysis.analyse(a_view(), with_attributes=True)
    assert face.appearance is None


def test_only_so_many_faces_are_analysed(analysis: FaceAnalysis) -> None:
    assert len(analysis.analyse(a_view(5))) == 5
    assert len(analysis.analyse(a_view(5), most=1)) == 1


def test_a_covered_mouth_is_level_1(networks: Networks, analysis: FaceAnalysis) -> None:
    networks.visible = Completeness(1, 1, 1, 0.2, 1, 1)
    view = a_view()
    assert analysis.level(view.image, view.faces[0]) == 1


def test_boxes_are_those_of_the_picture_as_given(analysis: FaceAnalysis) -> None:
    view = a_view(quarters=1)
    (face,) = analysis.analyse(view)
    assert face.box == view.given.box(view.faces[0].face.box)
    assert face.box != view.faces[0].face.box


def test_a_mesh_without_direction_is_an_error(analysis: FaceAnalysis) -> None:
    broken = FoundFace(a_face(), Landmarks(np.full((468, 3), np.nan, np.float32), 1.0))
    view = a_view()
    with pytest.raises(PoseFailed):
        analysis.analyse(View(view.image, view.given, (broken,)))


@dataclass
class Mesh:
    """A landmarker that is not sure of anything, or finds the same mesh a little further right."""

    landmarks: Landmarks = field(default_factory=lambda: Landmarks(a_mesh(), 0.0))

    def locate(self, image: Image, face: Face) -> Landmarks:
        return self.landmarks


def test_the_mesh_is_fitted_again_where_it_lies(networks: Networks) -> None:
    shifted = Landmarks(a_mesh() + np.array([7, 0, 0], np.float32), 0.9)
    first, again = (Localizer(mesh, networks).locate(a_view())[0] for mesh in (Mesh(), Mesh(shifted)))
    nose = again.keypoints.part(Part.NOSE) - first.keypoints.part(Part.NOSE)
    np.testing.assert_allclose(nose, np.tile([7.0, 0.0], (13, 1)), atol=1e-3)


def test_at_most_ten_faces_are_located(networks: Networks) -> None:
    located = Localizer(Mesh(), networks).locate(a_view(12), most=20)
    assert len(located) == 10
    assert [face.box.width for face in located] == sorted((face.box.width for face in located), reverse=True)


def test_located_points_are_those_of_the_picture_as_given(networks: Networks) -> None:
    upright = Localizer(Mesh(), networks).locate(a_view())[0]
    view = a_view(quarters=1)
    turned = Localizer(Mesh(), networks).locate(view)[0]
    np.testing.assert_allclose(turned.keypoints.points, view.given.points(upright.keypoints.points))
    found = upright.as_json()["keypoints"]
    assert isinstance(found, dict)
    assert list(found) == [part.value for part in Part]
    assert sum(len(points) for points in found.values()) == 90


def test_points_that_are_no_numbers_are_an_error(networks: Networks) -> None:
    mesh = a_mesh()
    mesh[4] = np.nan
    view = a_view()
    broken = FoundFace(a_face(), Landmarks(mesh, 1.0))
    with pytest.raises(ContourFailed):
        Localizer(Mesh(), networks).locate(View(view.image, view.given, (broken,)))
