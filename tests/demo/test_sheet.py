from __future__ import annotations

import numpy as np
import pytest

from edge.core.face import Box
from edge.demo.sheet import Row, Thumbnail, contact_sheet

FRAME = np.full((480, 640, 3), 90, np.uint8)
GREEN, RED = (86, 143, 34), (58, 58, 206)


def row(**changes: object) -> Row:
    values: dict[str, object] = {
        "title": "Somebody walks up",
        "decision": "granted",
        "reason": "allow_grant",
        "person": "A. Person",
        "latency_ms": 1200.0,
        "seconds": 4.0,
        "thumbnails": [Thumbnail(FRAME, 0.0, Box(200, 100, 400, 300))] * 3,
    }
    return Row(**{**values, **changes})  # type: ignore[arg-type]


def area(sheet: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((sheet == color).all(axis=-1).sum())


def test_the_badge_says_granted_in_green_and_denied_in_red() -> None:
    granted, denied = contact_sheet([row()]), contact_sheet([row(decision="denied")])
    assert area(granted, GREEN) > 500 > area(granted, RED)
    assert area(denied, RED) > 500 > area(denied, GREEN)


def test_every_scene_adds_a_row() -> None:
    heights = [contact_sheet([row()] * count).shape[0] for count in (1, 2, 3)]
    assert heights[2] - heights[1] == heights[1] - heights[0] > 144


def test_the_timeline_is_open_as_long_as_the_relay_was() -> None:
    open_color = (86, 165, 52)
    areas = [
        area(contact_sheet([row(relay_edges=edges)]), open_color)
        for edges in ((), ((1.0, True), (2.0, False)), ((1.0, True), (3.0, False)), ((1.0, True),))
    ]
    assert areas[0] == 0
    assert areas == sorted(set(areas))


def test_a_scene_without_thumbnails_latency_or_person_is_drawn() -> None:
    assert contact_sheet([row(thumbnails=[], latency_ms=None, person=None)]).dtype == np.uint8


def test_a_face_box_beyond_the_frame_stays_inside_its_thumbnail() -> None:
    thumbnails = [Thumbnail(FRAME, 0.0, Box(-500, -500, 5000, 5000))]
    plain = contact_sheet([row(thumbnails=[Thumbnail(FRAME, 0.0)])])
    marked = contact_sheet([row(thumbnails=thumbnails)])
    ys, xs = np.nonzero((plain != marked).any(axis=-1))
    assert xs.max() - xs.min() < 195
    assert ys.max() - ys.min() < 147


def test_no_scene_is_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
