"""Error rates by source, worked out by hand."""

from __future__ import annotations

import pytest

from edge.core.pad_figures import RUN, figures, means


def test_a_source_gives_rates_at_the_threshold_and_at_its_own() -> None:
    found = figures([0.9] * 19 + [0.2], [0.1] * 8 + [0.6, 0.95], 0.5)
    assert (found.live, found.attacks, found.no_face) == (20, 10, 0)
    assert (found.single.apcer, found.single.bpcer) == (0.2, 0.05)
    assert found.single.acer == pytest.approx(0.125)
    assert found.own == {0.01: 0.2, 0.05: 0.1}
    assert found.auc == pytest.approx((19 * 9 + 8) / 200)
    assert found.apcer_interval is not None
    assert found.apcer_interval.low < 0.2 < found.apcer_interval.high


def test_a_face_that_was_not_found_is_refused() -> None:
    found = figures([None, 0.9], [None, 0.1], 0.5)
    assert found.no_face == 2
    assert (found.single.apcer, found.single.bpcer) == (0.0, 0.5)


def test_a_source_of_one_kind_counts_only_in_its_own_rate() -> None:
    only_live, only_attacks = figures([0.9, 0.1], [], 0.5), figures([], [0.9], 0.5)
    assert (only_live.auc, only_live.eer, only_live.single.apcer, only_live.single.acer) == (None,) * 4
    mean = means([only_live, only_attacks, figures([0.9], [0.1], 0.5)])
    assert (mean.auc, mean.worst_auc, mean.eer) == (1.0, 1.0, 0.0)
    assert (mean.single.apcer, mean.single.bpcer, mean.single.acer) == (0.5, 0.25, 0.375)


def test_sources_weigh_the_same_however_many_frames_they_have() -> None:
    mean = means([figures([0.9], [0.1] * 100, 0.5), figures([0.9], [0.9], 0.5)])
    assert mean.single.apcer == 0.5
    assert (mean.auc, mean.worst_auc) == (0.75, 0.5)


def test_runs_are_means_of_consecutive_frames_with_a_face() -> None:
    unsure = [0.6, 0.3] * (RUN // 2)
    found = figures([0.3, None, *unsure[1:]], [*unsure, 0.99], 0.5)
    assert found.runs.bpcer == 1.0
    assert found.runs.apcer == 0.5


def test_fewer_frames_than_a_run_tell_nothing_of_runs() -> None:
    found = figures([0.9] * (RUN - 1), [0.1] * RUN, 0.5)
    assert (found.runs.bpcer, found.runs.apcer) == (None, 0.0)


def test_one_sure_frame_does_not_carry_a_run() -> None:
    """As at the door, where a frame counts for no more than logit 6."""
    found = figures([], [1.0] + [0.2] * (RUN - 1), 0.5)
    assert found.runs.apcer == 0.0


def test_without_sources_there_are_no_means() -> None:
    mean = means([])
    assert (mean.auc, mean.eer, mean.single.acer, mean.own[0.05]) == (None,) * 4
