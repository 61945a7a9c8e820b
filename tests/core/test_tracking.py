from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.core.tracking import WHOLE_FRAME, TrackingConfig, Tracks, primary, update
from tests.factories import a_face

CONFIG = TrackingConfig()
DT = 1 / 15
FRAME = (640, 480)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def followed(*frames, config=CONFIG):
    state = Tracks()
    for number, faces in enumerate(frames):
        state = update(state, faces, number * DT, config)
    return state, (len(frames) - 1) * DT


def test_a_face_that_stands_keeps_its_track():
    state, _ = followed(*[[a_face(300, 200)]] * 5)
    assert [(track.id, track.frames) for track in state.tracks] == [(1, 5)]


def test_a_face_that_walks_keeps_its_track():
    state, _ = followed(*[[a_face(100 + 20 * i, 200)] for i in range(10)])
    assert [track.id for track in state.tracks] == [1]


def test_a_face_elsewhere_is_another_track():
    state, now = followed([a_face(100, 200)], [a_face(500, 200)])
    assert [track.id for track in state.visible(now)] == [2]


def test_two_faces_that_pass_each_other_keep_their_tracks():
    state, now = followed(*[[a_face(200 + 5 * i, 150, 80), a_face(400 - 5 * i, 300, 80)] for i in range(20)])
    left_then_right = {track.id: track.face.box.center[0] for track in state.visible(now)}
    assert left_then_right == {1: 295.0, 2: 305.0}


def test_a_face_lost_for_a_moment_is_followed_on_and_for_long_is_not():
    short = [[a_face(300, 200)]] * 3 + [[]] * 5 + [[a_face(305, 200)]]
    long = [[a_face(300, 200)]] * 3 + [[]] * 15 + [[a_face(305, 200)]]
    assert {track.id for track in followed(*short)[0].tracks} == {1}
    assert {track.id for track in followed(*long)[0].tracks} == {2}


def test_the_nearest_face_is_primary_once_it_is_steady():
    faces = [a_face(150, 200, 80), a_face(450, 200, 160)]
    state, now = followed(*[faces] * 2)
    assert primary(state, now, FRAME, WHOLE_FRAME, CONFIG) is None
    state, now = followed(*[faces] * 3)
    assert primary(state, now, FRAME, WHOLE_FRAME, CONFIG).face.box.width == 160


def test_a_face_outside_the_zone_never_opens():
    state, now = followed(*[[a_face(450, 200, 160)]] * 5)
    assert primary(state, now, FRAME, LEFT_HALF, CONFIG) is None


def test_a_near_face_outside_the_zone_does_not_hide_one_inside():
    state, now = followed(*[[a_face(150, 200, 80), a_face(450, 200, 160)]] * 5)
    assert primary(state, now, FRAME, LEFT_HALF, CONFIG).face.box.width == 80


def test_a_face_behind_does_not_open_for_the_one_that_moves_in_front():
    frames = [[a_face(150, 200, 80), a_face(200 + 40 * i, 300, 160)] for i in range(6)]
    state, now = followed(*frames)
    assert primary(state, now, FRAME, WHOLE_FRAME, CONFIG) is None


def test_a_face_that_is_gone_is_not_primary():
    state, now = followed(*[[a_face(300, 200)]] * 5, [])
    assert primary(state, now, FRAME, WHOLE_FRAME, CONFIG) is None


faces = st.builds(a_face, st.floats(0, 640), st.floats(0, 480), st.floats(20, 300))


@given(st.lists(st.lists(faces, max_size=4), max_size=12))
def test_every_face_has_one_track_and_no_id_comes_twice(frames):
    state, seen = Tracks(), set()
    for number, found in enumerate(frames):
        before = {track.id for track in state.tracks}
        state = update(state, found, number * DT, CONFIG)
        visible = state.visible(number * DT)
        assert sorted(map(id, found)) == sorted(id(track.face) for track in visible)
        new = {track.id for track in state.tracks} - before
        assert not new & seen
        seen |= new
