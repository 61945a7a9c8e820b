from __future__ import annotations

import numpy as np
import pytest

from edge.core.detection_metrics import Looked, assign, average_precision, ious, measure


def box(x: float, y: float, side: float) -> list[float]:
    return [x, y, x + side, y + side]


def looked(labeled: list[list[float]], found: list[tuple[float, list[float]]]) -> Looked:
    found = sorted(found, key=lambda one: -one[0])
    return Looked(
        labeled=np.array(labeled, np.float64).reshape(-1, 4),
        boxes=np.array([one for _, one in found], np.float64).reshape(-1, 4),
        scores=np.array([score for score, _ in found], np.float64),
    )


def test_half_a_box_is_a_third_of_the_union() -> None:
    shared = ious(np.array([box(0, 0, 10)]), np.array([[5.0, 0.0, 15.0, 10.0], box(20, 20, 5)]))
    assert shared.tolist() == [[pytest.approx(1 / 3), 0.0]]


def test_every_size_has_its_own_recall() -> None:
    figures = measure(
        [looked([box(0, 0, 50), box(100, 0, 50), box(0, 200, 100)], [(0.9, box(2, 0, 50))])], 0.5
    )
    assert figures.recall["48-64"] == 0.5
    assert figures.recall["96-160"] == 0.0
    assert figures.recall["160+"] is None
    assert figures.faces["48-64"] == 2
    assert figures.false_positives_per_image == 0.0


def test_the_root_of_the_area_is_the_size() -> None:
    # 36, 48 and 19 pixels: the last is ignored, though it is 36 pixels high.
    figures = measure([looked([[0, 0, 27, 48], [100, 0, 136, 64], [200, 0, 210, 36]], [])], 0.5)
    assert figures.faces["32-48"] == 1
    assert figures.faces["48-64"] == 1
    assert sum(figures.faces.values()) == 2


def test_a_second_box_on_one_face_is_false() -> None:
    picture = looked([box(0, 0, 50)], [(0.9, box(0, 0, 50)), (0.8, box(1, 0, 50)), (0.7, box(300, 0, 50))])
    assert measure([picture], 0.5).false_positives_per_image == 2.0
    assert measure([picture], 0.75).false_positives_per_image == 1.0
    assert measure([picture, looked([], [])], 0.5).false_positives_per_image == 1.0


def test_a_box_that_overlaps_too_little_finds_nothing_and_is_false() -> None:
    figures = measure([looked([box(0, 0, 50)], [(0.9, box(25, 0, 50))])], 0.5)
    assert figures.recall["48-64"] == 0.0
    assert figures.false_positives_per_image == 1.0


def test_tiny_faces_count_for_nobody_and_against_nobody() -> None:
    picture = looked([box(0, 0, 12), box(100, 0, 50)], [(0.9, box(0, 0, 12)), (0.8, box(100, 0, 50))])
    figures = measure([picture], 0.5)
    assert sum(figures.faces.values()) == 1
    assert figures.false_positives_per_image == 0.0
    assert figures.ap50 == 1.0


def test_each_box_takes_the_free_face_that_it_overlaps_most() -> None:
    labeled = np.array([box(0, 0, 50), box(10, 0, 50)])
    assert assign(np.array([box(9, 0, 50), box(8, 0, 50), box(8, 0, 50)]), labeled).tolist() == [1, 0, -1]


def test_average_precision_is_the_area_under_the_envelope() -> None:
    # Right, false, right of two faces: precision 1 up to a recall of 1/2, then 2/3.
    picture = looked(
        [box(0, 0, 50), box(100, 0, 50)],
        [(0.9, box(0, 0, 50)), (0.8, box(300, 0, 50)), (0.7, box(100, 0, 50))],
    )
    assert average_precision([picture]) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)


def test_scores_are_compared_across_pictures() -> None:
    right = looked([box(0, 0, 50)], [(0.6, box(0, 0, 50))])
    wrong = looked([box(0, 0, 50)], [(0.9, box(300, 0, 50))])
    assert average_precision([right, wrong]) == pytest.approx(0.5 * 0.5)


def test_without_faces_there_is_no_precision() -> None:
    figures = measure([looked([], [(0.9, box(0, 0, 50))])], 0.5)
    assert figures.ap50 is None
    assert set(figures.recall.values()) == {None}
    assert figures.false_positives_per_image == 1.0


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="no picture"):
        measure([], 0.5)
