"""What cannot be judged well is not let in, and whoever stands there is told why in plain words."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app import wiring
from edge.app.liveness_checks import LivenessChecks, open_liveness_checks
from edge.app.recognition import recognizer
from edge.core.clip_verdict import Decision
from edge.core.evidence import Outcome, Verdict
from edge.core.face import Box, Face, PersonId
from edge.core.frame import Frame, Image
from edge.core.kiosk_words import say
from edge.core.person import FaceId
from edge.core.quality import Problem
from edge.demo.portrait import load_portrait
from edge.demo.scenes import FPS, enrolment_pictures, frames
from edge.errors import PictureError
from edge.settings import Settings
from edge.store.exact import ExactFaces
from edge.store.face_rows import FaceRow
from edge.store.matcher import PeopleMatcher
from tests.app import spoiled

ENROLLED = PersonId("eileen-collins")
BEGIN, END = 36, 52
"""A second of a scene in which the person stands before the door."""


@dataclass(frozen=True, slots=True)
class AtTheDoor:
    problems: Counter[Problem]
    verdicts: list[Verdict]


class Door:
    """The door's recognizer, with one person enrolled."""

    def __init__(self, models: wiring.Models) -> None:
        self._models = models
        rows = []
        for number, picture in enumerate(enrolment_pictures()):
            landmarks = models.mesh.locate(picture, self.largest(picture))
            vector = models.embedder.embed(picture, landmarks).vector
            rows.append(FaceRow(number, FaceId(str(number)), ENROLLED, 1.0, vector))
        faces = ExactFaces.of(rows)
        self._matcher = PeopleMatcher(models.embedder.model, lambda: faces)

    def largest(self, image: Image) -> Face:
        return max(self._models.detector.detect(image), key=lambda face: face.box.area)

    def watch(self, pictures: Sequence[Image]) -> AtTheDoor:
        seen = AtTheDoor(Counter(), [])
        door = recognizer(Settings(), self._models, self._matcher)
        for number, picture in enumerate(pictures):
            step = door.process(Frame(picture, 100.0 + number / FPS, number))
            seen.problems.update(step.problems)
            if step.sighting is not None:
                seen.verdicts.append(step.sighting.verdict)
        return seen


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with wiring.open_models(Settings()) as models:
        yield Door(models)


@pytest.fixture(scope="module")
def checks() -> Iterator[LivenessChecks]:
    with open_liveness_checks(Settings()) as opened:
        yield opened


@pytest.fixture(scope="module")
def walk(door: Door) -> list[tuple[Image, Face]]:
    """The enrolled person before the door, frame by frame."""
    return [(image, door.largest(image)) for image in islice(frames("enrolled_walks_up"), BEGIN, END)]


@pytest.fixture(scope="module")
def data() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", default))
    if not (folder / "mask").is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


def test_the_same_person_is_let_in_when_nothing_is_wrong(door: Door, walk) -> None:
    seen = door.watch([image for image, _ in walk])
    assert [verdict.person for verdict in seen.verdicts] == [ENROLLED]


@pytest.mark.parametrize(
    ("spoil", "problems"),
    [
        (spoiled.half, {Problem.OCCLUDED}),
        (spoiled.at_the_top, {Problem.CUT_OFF}),
        (spoiled.at_the_side, {Problem.CUT_OFF, Problem.OCCLUDED}),
        (spoiled.tiny, {Problem.TOO_SMALL}),
        (spoiled.dark, {Problem.DARK}),
        (spoiled.bright, {Problem.BRIGHT, Problem.FLAT}),
        (spoiled.moved, {Problem.BLURRED}),
        (spoiled.masked, {Problem.OCCLUDED}),
        (spoiled.in_sunglasses, {Problem.OCCLUDED}),
        (spoiled.beside_a_mirror, {Problem.SEVERAL_FACES}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_an_enrolled_person_badly_seen_is_not_let_in_and_told_why(door: Door, walk, spoil, problems) -> None:
    seen = door.watch([spoil(image, face) for image, face in walk])
    assert [verdict.person for verdict in seen.verdicts if verdict.outcome is Outcome.RECOGNIZED] == []
    assert problems & set(seen.problems)
    assert all(say(problem).endswith(".") for problem in seen.problems)


def test_a_child_on_an_arm_is_nobody_to_be_let_in_with(door: Door, walk) -> None:
    child = load_portrait("grace_hopper").picture[60:420, 100:420]

    def carried(image: Image, face: Face) -> Image:
        x, y = face.box.x1 + 0.05 * face.box.width, face.box.center[1]
        return spoiled.with_picture(
            image, child, Box(x, y, x + 1.2 * face.box.width, y + 1.35 * face.box.width)
        )

    seen = door.watch([carried(image, face) for image, face in walk])
    assert seen.verdicts == []
    assert set(seen.problems) == {Problem.SEVERAL_FACES}


def test_a_poster_of_somebody_enrolled_opens_for_no_stranger(door: Door) -> None:
    poster = load_portrait("eileen_collins").picture
    stranger = islice(frames("stranger_walks_up"), BEGIN, END)
    seen = door.watch([spoiled.with_picture(image, poster, Box(10, 20, 160, 196)) for image in stranger])
    assert seen.verdicts
    assert all(verdict.person is None for verdict in seen.verdicts)
    assert all(say(verdict.outcome).endswith(".") for verdict in seen.verdicts)


def test_two_people_who_show_phones_are_both_refused(door: Door) -> None:
    shown = [image[:, 160:480] for image in islice(frames("phone_replay"), 12, 34)]
    seen = door.watch([np.concatenate([one, one[:, ::-1]], axis=1) for one in shown])
    assert Outcome.RECOGNIZED not in {verdict.outcome for verdict in seen.verdicts}
    assert seen.verdicts or seen.problems


@pytest.fixture(scope="module")
def people(data: Path, door: Door) -> list[tuple[Image, Face]]:
    """Living people before a webcam, whole frames."""
    found = []
    for path in sorted((data / "liveness" / "nuaa" / "live").iterdir())[::18]:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        found.append((image, door.largest(image)))
    return found


@pytest.fixture
def check(checks: LivenessChecks, tmp_path: Path) -> Callable[[Image], Decision | str]:
    """The decision on a picture, with words for it where there is none; or the code of the refusal."""

    def decide(image: Image) -> Decision | str:
        file = tmp_path / "picture.png"
        cv2.imwrite(str(file), image)
        try:
            answer = checks.picture.check(file)
        except PictureError as error:
            return error.code
        assert (answer.score is None) == bool(answer.problems) == (answer.decision is Decision.NO_DECISION)
        return answer.decision

    return decide


def test_pictures_of_people_get_a_decision_when_nothing_is_wrong(people, check) -> None:
    decisions = [check(image) for image, _ in people]
    assert decisions.count(Decision.NO_DECISION) <= len(people) // 4


@pytest.mark.parametrize(
    "spoil",
    [
        spoiled.half,
        spoiled.at_the_top,
        spoiled.tiny,
        spoiled.dark,
        spoiled.bright,
        spoiled.moved,
        spoiled.masked,
        spoiled.in_sunglasses,
        spoiled.beside_a_mirror,
    ],
    ids=lambda one: one.__name__,
)
def test_spoiled_pictures_of_people_are_never_live(people, check, spoil) -> None:
    decisions = {check(spoil(image, face)) for image, face in people}
    assert decisions <= {
        Decision.NO_DECISION,
        "InvalidParameterValue.NoFaceInPhoto",
        "FailedOperation.ImageFacedetectFailed",
    }


def test_people_in_masks_get_no_decision(data: Path, check) -> None:
    pictures = sorted((data / "mask" / "with_mask").iterdir())[::16]
    decisions = Counter(check(_before_a_wall(path)) for path in pictures)
    assert not {Decision.LIVE, Decision.ATTACK} & set(decisions)
    assert decisions[Decision.NO_DECISION] >= len(pictures) // 3


def _before_a_wall(path: Path) -> Image:
    """A close picture of a face with room around it, 100 pixels large."""
    image = np.asarray(cv2.imread(str(path)), np.uint8)
    whole = spoiled.wall(480, 400)
    scale = 130 / max(image.shape[:2])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return spoiled.with_picture(whole, image, Box(175, 130, 175 + size[0], 130 + size[1]))
