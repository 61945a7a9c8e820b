from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from edge.app.log_memory import KEPT, LogMemory

logger = logging.getLogger("edge.some.part")


def test_the_last_lines_are_remembered_redacted(caplog) -> None:
    with caplog.at_level(logging.DEBUG), LogMemory.of_everything() as memory:
        for number in range(KEPT + 5):
            logger.info("line %d", number)
        logger.error("rtsp://me:hunter2@camera is gone")
    assert [line.text for line in memory.last(2)] == [f"line {KEPT + 4}", "rtsp://***@camera is gone"]
    assert len(memory.last(10**6)) == KEPT


def test_lines_are_chosen_by_weight_and_time(caplog) -> None:
    with caplog.at_level(logging.DEBUG), LogMemory.of_everything() as memory:
        logger.debug("a")
        logger.warning("b")
        logger.critical("c")
    assert [line.text for line in memory.last(10, level="warning")] == ["b", "c"]
    assert [line.level for line in memory.last(10)] == ["debug", "warning", "error"]
    assert memory.last(10, since=datetime.now(UTC) + timedelta(seconds=1)) == []
    assert len(memory.last(10, since=datetime.now(UTC) - timedelta(minutes=1))) == 3


def test_an_exception_is_told_in_one_line(caplog) -> None:
    with caplog.at_level(logging.DEBUG), LogMemory.of_everything() as memory:
        try:
            raise ValueError("no such thing")
        except ValueError:
            logger.exception("it failed")
    assert memory.last(1)[0].text == "it failed | ValueError: no such thing"


def test_nothing_is_remembered_before_and_after(caplog) -> None:
    with caplog.at_level(logging.DEBUG), LogMemory.of_everything() as memory:
        pass
    logger.info("later")
    assert memory.last(10) == []
