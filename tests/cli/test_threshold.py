"""What `ostiary threshold` tells of the model that ships and of the people who are enrolled."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.app.thresholds import curve_of, measured_tar
from edge.core.calibration import threshold_for
from edge.core.face import Embedding, PersonId
from edge.core.person import Person
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.vision.manifest import find
from tests.cli.command import ostiary

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def asked(tmp_path: Path, *options: object) -> dict:
    done = ostiary("--store", tmp_path, "threshold", "--json", *options)
    assert done.code == 0, done.err
    return json.loads(done.out)


def level(figures: dict, far: float) -> dict:
    (found,) = [one for one in figures["levels"] if one["far"] == pytest.approx(far)]
    return found


def test_the_threshold_is_the_one_the_door_uses(tmp_path: Path) -> None:
    figures = asked(tmp_path, "--people", 500)
    similarity = threshold_for(curve_of(find("embedding")), 1e-3, 500)
    assert level(figures, 1e-3)["similarity"] == pytest.approx(similarity, abs=1e-5)


def test_levels_grow_stricter_and_rarer(tmp_path: Path) -> None:
    levels = asked(tmp_path, "--people", 10)["levels"]
    assert [one["level"] for one in levels] == ["convenient", "normal", "secure", "most secure"]
    for key in ("similarity", "score", "days_between"):
        values = [one[key] for one in levels]
        assert values == sorted(values)
        assert len(set(values)) == 4


def test_strangers_and_doors_divide_the_days(tmp_path: Path) -> None:
    one = asked(tmp_path, "--people", 10, "--strangers-per-day", 10)
    many = asked(tmp_path, "--people", 10, "--strangers-per-day", 50, "--doors", 2)
    assert level(one, 1e-3)["days_between"] == pytest.approx(100, rel=1e-2)
    assert level(many, 1e-3)["days_between"] == pytest.approx(10, rel=1e-2)


def test_days_asked_for_are_the_days_told(tmp_path: Path) -> None:
    figures = asked(tmp_path, "--people", 20, "--doors", 4, "--days-between", 365)
    assert level(figures, figures["far"])["days_between"] == pytest.approx(365, rel=1e-2)
    assert level(figures, figures["far"])["level"] == "asked for"


def test_a_rate_asked_for_is_a_row_of_its_own(tmp_path: Path) -> None:
    assert level(asked(tmp_path, "--people", 20, "--far", 3e-4), 3e-4)["level"] == "asked for"


def test_single_pictures_pass_as_measured(tmp_path: Path) -> None:
    measured = measured_tar(find("embedding"))
    assert level(asked(tmp_path, "--people", 1), 1e-4)["passes"] == pytest.approx(measured[1e-4], abs=1e-4)


def test_those_enrolled_are_counted_when_no_number_is_given(tmp_path: Path) -> None:
    model = find("embedding").model_id
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        gallery = Gallery(database)
        for name in ("ann", "bob"):
            gallery.add_person(Person(PersonId(name), "", NOW))
            for axis in range(3):
                vector = np.eye(4, dtype=np.float32)[axis]
                gallery.add_face(PersonId(name), Embedding(vector, model), quality=1.0, source="x", at=NOW)
    figures = asked(tmp_path)
    assert figures["people"] == 2


def test_nobody_enrolled_is_shown_for_a_hundred(tmp_path: Path) -> None:
    assert asked(tmp_path)["people"] == 100
    assert list(tmp_path.iterdir()) == [], "looking must not make a database"


def test_a_threshold_out_of_reach_lets_nobody_in(tmp_path: Path) -> None:
    found = level(asked(tmp_path, "--people", 10_000_000, "--far", 1e-9), 1e-9)
    assert found["similarity"] > 1
    assert (found["score"], found["days_between"], found["passes"]) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--far", "1e-3", "--days-between", "30"], "give one of them"),
        (["--days-between", "30", "--strangers-per-day", "0"], "without strangers"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path: Path, options: list[str], reason: str) -> None:
    done = ostiary("--store", tmp_path, "threshold", *options)
    assert done.code == 2
    assert done.is_one_line_error
    assert reason in done.err


def test_the_table_fits_eighty_columns(tmp_path: Path) -> None:
    done = ostiary("--store", tmp_path, "threshold", "--people", 10_000)
    assert done.code == 0, done.err
    assert "normal *" in done.out
    assert "…" not in done.out
