"""Which faces are hidden, and that it goes on until none is found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edge.core.coverage import CELLS, PLAIN, Cover, Method, head
from edge.core.face import Face
from edge.core.frame import Image
from edge.core.picture import turn
from edge.service.clip_redaction import ClipRedaction
from edge.service.redaction import FaceRedaction
from tests.factories import a_box, a_face

HEIGHT, WIDTH = 120, 200
WHITE = 255


def a_picture(*spots: tuple[int, int], side: int = 20) -> Image:
    """White squares on black, which the finder below takes for faces."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for x, y in spots:
        image[y - side // 2 : y + side // 2, x - side // 2 : x + side // 2] = WHITE
    return image


def find(image: Image) -> list[Face]:
    """A face wherever there is a white pixel, as large as the white around it."""
    faces, left = [], (image == WHITE).all(axis=2)
    while left.any():
        y0, x0 = (int(v) for v in np.argwhere(left)[0])
        x1 = x0 + int(np.argmin(np.append(left[y0, x0:], False)))
        y1 = y0 + int(np.argmin(np.append(left[y0:, x0], False)))
        left[y0:y1, x0:x1] = False
        faces.append(a_face((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0)))
    return faces


def black(image: Image, covers: Sequence[Cover], method: Method) -> Image:
    """Hides a head; but a plain box only where `weak` cells leave something to be seen."""
    hidden = image.copy()
    for one in covers:
        box = one.box
        hidden[max(0, int(box.y0)) : int(box.y1) + 1, max(0, int(box.x0)) : int(box.x1) + 1] = 0
    return hidden


@pytest.fixture
def redaction() -> FaceRedaction:
    return FaceRedaction(find, black)


def test_every_head_is_hidden(redaction: FaceRedaction) -> None:
    done = redaction.redact(a_picture((40, 40), (150, 80)))
    assert not done.image.any()
    assert {cover.cells for cover in done.covers} == {CELLS}
    assert sorted(cover.box.center[0] for cover in done.covers) == [40, 150]
    assert (done.kept, done.left) == ((), ())


def test_faces_that_are_to_be_kept_stay(redaction: FaceRedaction) -> None:
    image = a_picture((40, 40), (150, 80))
    done = redaction.redact(image, keep=lambda _, face: face.box.center[0] > 100)
    assert np.array_equal(done.image, a_picture((150, 80)))
    assert [box.center for box in done.kept] == [(150, 80)]
    known = redaction.redact(image, kept=[a_box(40, 40, 20)])
    assert np.array_equal(known.image, a_picture((40, 40)))


def test_what_still_looks_like_a_face_is_hidden_until_nothing_does() -> None:
    """Covers that show through unless they are plain; so does what is written, once."""
    calls: list[set[int]] = []

    def leaky(image: Image, covers: Sequence[Cover], method: Method) -> Image:
        calls.append({cover.cells for cover in covers})
        return black(image, [cover for cover in covers if cover.cells == PLAIN], method)

    done = FaceRedaction(find, leaky).redact(a_picture((60, 60)))
    assert calls == [{CELLS}, {PLAIN}]
    assert (done.left, done.image.any()) == ((), False)


def test_a_plain_box_that_is_too_small_grows() -> None:
    def stingy(image: Image, covers: Sequence[Cover], method: Method) -> Image:
        """Hides the inner half of each box."""
        hidden = image.copy()
        for one in covers:
            (x, y), w, h = one.box.center, one.box.width / 4, one.box.height / 4
            hidden[max(0, round(y - h)) : round(y + h), max(0, round(x - w)) : round(x + w)] = 0
        return hidden

    done = FaceRedaction(find, stingy).redact(a_picture((100, 60), side=40))
    assert (done.left, done.image.any()) == ((), False)


def test_it_ends_and_says_so_when_nothing_helps() -> None:
    done = FaceRedaction(find, lambda image, covers, method: image).redact(a_picture((60, 60)))
    assert len(done.left) == 1


def test_the_stored_picture_is_the_one_that_is_searched_again(redaction: FaceRedaction) -> None:
    """Compression brings out a face that was not there."""

    def stored(image: Image) -> Image:
        again = image.copy()
        if image[20, 180, 0] == 1:
            again[15:25, 175:185] = WHITE
        return again

    image = a_picture((60, 60))
    image[20, 180] = 1
    done = redaction.redact(image, stored=stored)
    assert not (done.image == WHITE).any()
    assert len(done.covers) == 2


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_lying_faces_are_found_when_asked_for(quarters: int) -> None:
    def upright(image: Image) -> list[Face]:
        return find(image) if image.shape[:2] == (HEIGHT, WIDTH) and image[0, 0, 0] == 7 else []

    image = a_picture((60, 40))
    image[0, 0] = 7
    lying = turn(image, quarters)
    redaction = FaceRedaction(upright, black)
    assert (redaction.redact(lying).image == WHITE).any()
    assert not (redaction.redact(lying, rotate=True).image == WHITE).any()


def a_walk(missed: set[int], pace: int = 3, frames: int = 20) -> list[Image]:
    """A face that walks to the right from frame 5 on, and is not white in some frames."""
    pictures = []
    for number in range(frames):
        picture = a_picture((40 + pace * number, 60)) if number >= 5 else a_picture()
        if number in missed:
            picture[picture == WHITE] = 254
        pictures.append(picture)
    return pictures


@pytest.mark.parametrize(("pace", "faces"), [(1, 1), (3, 1), (6, 2)])
def test_a_face_stays_hidden_in_the_frames_where_it_is_missed(
    redaction: FaceRedaction, pace: int, faces: int
) -> None:
    """Also where it went so far meanwhile that it is taken for another one."""
    clip = a_walk(missed={5, 6, 10, 11, 12, 18, 19}, pace=pace)
    plan = ClipRedaction(redaction).plan(clip, fps=10.0)
    done = list(ClipRedaction(redaction).redact(clip, plan))
    assert (plan.faces, plan.kept) == (faces, 0)
    assert len(done) == len(clip)
    assert not any((picture > 200).any() for picture in done)


def test_frames_far_from_any_face_stay_as_they_are(redaction: FaceRedaction) -> None:
    clip = [a_picture() + 9 for _ in range(20)] + a_walk(set())[5:8]
    plan = ClipRedaction(redaction).plan(clip, fps=10.0)
    done = list(ClipRedaction(redaction).redact(clip, plan))
    assert all(np.array_equal(a, b) for a, b in zip(clip[:15], done[:15], strict=True))
    assert [len(row) for row in plan.hidden] == [0] * 15 + [1] * 8


class Familiar:
    """Knows the faces of the right half of the picture."""

    def template(self, image: Image, face: Face) -> float:
        return face.box.center[0]

    def familiar(self, templates: Sequence[float]) -> np.ndarray:
        return np.array([x > WIDTH / 2 for x in templates])


def test_only_strangers_are_hidden_in_a_clip(redaction: FaceRedaction) -> None:
    clip = [a_picture((40, 60), (160 + number, 60)) for number in range(8)]
    plan = ClipRedaction(redaction).plan(clip, fps=10.0, familiar=Familiar())
    done = list(ClipRedaction(redaction).redact(clip, plan))
    assert (plan.faces, plan.kept) == (2, 1)
    for number, picture in enumerate(done):
        assert np.array_equal(picture, a_picture((160 + number, 60)))


def test_a_stranger_who_takes_over_a_track_is_hidden(redaction: FaceRedaction) -> None:
    """One face walks from the unfamiliar half into the familiar one: only there it stays."""
    clip = [a_picture((60 + 6 * number, 60)) for number in range(14)]
    plan = ClipRedaction(redaction).plan(clip, fps=10.0, familiar=Familiar())
    assert plan.faces == 1
    for number, picture in enumerate(ClipRedaction(redaction).redact(clip, plan)):
        x = 60 + 6 * number
        if x <= WIDTH / 2:
            assert not picture.any(), x


def test_a_clip_without_frames_has_an_empty_plan(redaction: FaceRedaction) -> None:
    plan = ClipRedaction(redaction).plan([], fps=10.0)
    assert (plan.hidden, plan.faces) == ((), 0)
    assert list(ClipRedaction(redaction).redact([], plan)) == []


def test_the_whole_head_is_hidden_along_a_clip(redaction: FaceRedaction) -> None:
    seen: list[Cover] = []

    def noted(image: Image, covers: Sequence[Cover], method: Method) -> Image:
        seen.extend(covers)
        return black(image, covers, method)

    redaction = FaceRedaction(find, noted)
    clip = [a_picture((60, 60))]
    list(ClipRedaction(redaction).redact(clip, ClipRedaction(redaction).plan(clip, 10.0)))
    assert seen[0].box == head(a_box(60, 60, 20))
