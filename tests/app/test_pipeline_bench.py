from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.app.pipeline_bench import REST, STAGES, open_bench, strangers, summarize
from edge.core.face import Embedding, ModelId
from edge.demo.scenes import frames
from edge.errors import PoorQuality
from edge.settings import Settings


@pytest.fixture(scope="module")
def visitor() -> list[np.ndarray]:
    return list(frames("enrolled_walks_up"))[-8:]


def test_every_stage_of_a_decision_is_timed(visitor: list[np.ndarray]) -> None:
    with open_bench(Settings(), people=50) as pipeline:
        seen = [pipeline.look(image) for image in visitor]
    times = summarize(full for full in seen if full is not None)
    assert set(times.stages) == {*STAGES, REST}
    for name in ("detect", "landmarks", "liveness", "embed"):
        stage = times.stages[name]
        assert 0 < stage.bare_invoke_ms < stage.around.p95_ms
    assert times.stages["match"].bare_invoke_ms == 0
    assert 0 < times.bare_invoke_ms < times.around.p50_ms <= times.around.p95_ms


def test_parts_of_a_frame_add_up_to_it(visitor: list[np.ndarray]) -> None:
    with open_bench(Settings(), people=50) as pipeline:
        full = next(full for full in map(pipeline.look, visitor) if full is not None)
    times = summarize([full])
    assert sum(stage.around.p50_ms for stage in times.stages.values()) == pytest.approx(full.seconds * 1000)


def test_frame_without_a_face_is_no_decision() -> None:
    with open_bench(Settings(), people=5) as pipeline:
        assert pipeline.look(np.full((480, 640, 3), 90, np.uint8)) is None


def test_frames_without_any_decision_are_refused() -> None:
    with pytest.raises(PoorQuality, match="no frame led to a comparison"):
        summarize([])


def test_strangers_are_all_different_and_of_the_model(tmp_path: Path) -> None:
    probe = np.ones(128, np.float32) / np.sqrt(128).astype(np.float32)
    with strangers(tmp_path, 200, ModelId("m@1"), 128) as index:
        assert index.matcher.size == 200
        match = index.matcher.match(Embedding(probe, ModelId("m@1")))
    assert match is not None
    assert match.margin > 0
