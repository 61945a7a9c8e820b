from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.evaluation import Evaluation, evaluate
from edge.app.every_core import default_jobs
from edge.app.paper import check_drawable
from edge.app.plots import DET, HISTOGRAM, draw
from edge.demo.scenes import enrolment_pictures
from edge.errors import PictureUnreadable, SettingsError


def write(folder: Path, rows: str) -> Path:
    file = folder / "pairs.csv"
    file.write_text(f"a,b,same\n{rows}")
    return file


def run(root: Path, pairs: Path | None = None, all_pairs: bool = False) -> Evaluation:
    return evaluate(root, pairs, all_pairs, 1, lambda *_: None)


def test_pictures_of_one_person_are_told_from_empty_ones(tmp_path: Path) -> None:
    """Every same pair is of one person; every different pair has a picture without a face."""
    for name, picture in zip("abc", enrolment_pictures(), strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((240, 240, 3), 90, np.uint8))
    rows = [f"{a}.png,{b}.png,1" for a, b in ("ab", "ac", "bc", "ba")] * 3
    rows += [f"{a}.png,empty.png,0" for a in "abc"] * 4
    told: list[tuple[int, int]] = []
    pairs = write(tmp_path, "\n".join(rows))
    result = evaluate(tmp_path, pairs, False, 1, lambda *done: told.append(done))
    assert (result.pictures, result.no_face) == (4, 1)
    assert told[-1] == (4, 4)
    document = result.as_json()
    assert document["accuracy"] == 1.0
    assert document["pairs_same"] == document["pairs_different"] == 12


def test_nothing_to_compare_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--pairs .*--all-pairs"):
        run(tmp_path)


def test_damaged_listed_picture_ends_it_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    file = write(tmp_path, "bad.jpg,bad.jpg,1\n")
    with pytest.raises(PictureUnreadable, match=r"pairs\.csv:2: "):
        run(tmp_path, file)


def test_damaged_picture_of_a_person_ends_it_with_its_name(tmp_path: Path) -> None:
    for name in ("ann/1.jpg", "ann/2.jpg", "bob/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    with pytest.raises(PictureUnreadable, match=r"^\S*ann/1\.jpg"):
        run(tmp_path, all_pairs=True)


@pytest.fixture(scope="module")
def lfw() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", default))
    if not (folder / "lfw_dev_pairs.csv").is_file():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


@pytest.fixture(scope="module")
def some_people(lfw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty people with two to four pictures each, thirty with one, and a picture without a face."""
    root = tmp_path_factory.mktemp("people")
    folders = sorted((lfw / "lfw_dev").iterdir())
    several = [folder for folder in folders if 2 <= len(list(folder.iterdir())) <= 4][::12][:30]
    single = [folder for folder in folders if len(list(folder.iterdir())) == 1][::12][:30]
    for folder in several + single:
        (root / folder.name).mkdir()
        for path in folder.iterdir():
            (root / folder.name / path.name).symlink_to(path)
    blank = np.full((240, 240, 3), 90, np.uint8)
    cv2.imwrite(str(root / several[0].name / "blank.png"), blank)
    return root


@pytest.fixture(scope="module")
def measured(some_people: Path) -> Evaluation:
    return run(some_people, all_pairs=True)


def test_all_pairs_of_some_people_are_counted(measured: Evaluation, some_people: Path) -> None:
    people = [len(list(folder.iterdir())) for folder in some_people.iterdir()]
    assert measured.people == len(people) == 60
    assert (measured.pictures, measured.no_face) == (sum(people), 1)
    assert measured.tally.pairs_same == sum(n * (n - 1) // 2 for n in people)
    assert measured.tally.pairs_different == sum(a * b for a, b in combinations(people, 2))


def test_all_pairs_of_some_people_are_told_apart(measured: Evaluation) -> None:
    """Only the pairs of the picture without a face are lost."""
    assert measured.accuracy is not None
    assert measured.accuracy >= 0.93
    document = measured.as_json()
    assert set(document) >= {
        "pictures", "no_face", "pairs_same", "pairs_different", "accuracy", "eer", "tar_at_far",
        "far_at_score",
    }  # fmt: skip
    assert list(document["tar_at_far"]) == ["1e-2", "1e-3", "1e-4", "1e-5", "1e-6"]
    assert list(document["far_at_score"]) == ["40", "50", "60"]


def test_rates_that_the_pairs_cannot_show_are_null(measured: Evaluation) -> None:
    """Some ten thousand pairs of different people: enough for 1e-3, not for 1e-5."""
    document = measured.as_json()
    assert document["tar_at_far"]["1e-3"] is not None
    assert document["tar_at_far"]["1e-5"] is None
    assert document["far_at_score"]["60"] is None
    assert document["thresholds"]["1e-5"] == {
        "similarity": None, "score": None, "tar": None, "tar_interval": None,
    }  # fmt: skip


def test_the_interval_encloses_the_share(measured: Evaluation) -> None:
    point = next(point for point in measured.points if point.far == 1e-3)
    low, high = measured.intervals[1e-3]
    assert point.tar is not None
    assert 0.0 <= low <= point.tar <= high <= 1.0
    assert low < high


def test_with_both_accuracy_is_of_the_list_and_the_rest_of_all(some_people: Path, tmp_path: Path) -> None:
    pictures = {folder.name: sorted(folder.iterdir()) for folder in sorted(some_people.iterdir())}
    pairs = [(shown[0], shown[1], 1) for shown in pictures.values() if len(shown) > 1][:10]
    pairs += [(a[0], b[0], 0) for a, b in combinations(pictures.values(), 2)][:10]
    rows = "\n".join(
        f"{a.relative_to(some_people)},{b.relative_to(some_people)},{same}" for a, b, same in pairs
    )
    result = run(some_people, write(tmp_path, rows), all_pairs=True)
    assert result.pictures == sum(map(len, pictures.values()))
    assert result.tally.pairs_different > 10
    assert result.accuracies is not None
    assert set(np.round(result.accuracies, 2)) <= {0.0, 0.5, 1.0}


@pytest.mark.parametrize("name", [DET, HISTOGRAM])
def test_pictures_are_drawn(measured: Evaluation, tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    folder = tmp_path / "new" / "plots"
    check_drawable(folder)
    assert folder / name in draw(measured, folder)
    image = cv2.imread(str(folder / name))
    assert image.shape[0] >= 800
    hue, saturation, _ = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    colored = saturation > 60
    assert np.count_nonzero(colored & (hue > 95) & (hue < 125)) > 500, "the blue curve"
    assert np.count_nonzero(colored & (hue > 3) & (hue < 20)) > 500, "the orange points or bars"


DRAW = """
import sys
from pathlib import Path
import numpy as np
from edge.app.evaluation import Evaluation
from edge.app.plots import draw
from edge.core.calibration import FarCurve
from edge.core.tally import tally_scores
from edge.core.verification import operating_points
tally = tally_scores(np.linspace(0.5, 1, 200), np.linspace(0, 0.6, 300))
curve = FarCurve((0.5, 0.6), (1e-2, 1e-3))
result = Evaluation("m", curve, 9, 0, None, tally, None, 0.1, operating_points(tally), (), {})
made = draw(result, Path(sys.argv[1]))
print(len(made))
"""


def test_drawing_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """In a process of its own: Matplotlib looks for its folder once."""
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    home, plots = tmp_path / "home", tmp_path / "plots"
    for folder in (home, plots):
        folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(plots)],
        cwd=Path(__file__).parents[2], env=kept | {"HOME": str(home), "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2\n"
    assert list(home.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "plots"]


def test_a_folder_that_cannot_be_made_is_refused_beforehand(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot write pictures"):
        check_drawable(tmp_path / "file" / "plots")


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_development_set_reaches_the_bars(lfw: Path) -> None:
    result = evaluate(lfw / "lfw_dev", lfw / "lfw_dev_pairs.csv", True, default_jobs(), lambda *_: None)
    assert (result.tally.pairs_same, result.tally.pairs_different) == (4350, 7_497_651)
    assert result.no_face <= 3
    assert result.accuracy is not None
    assert result.accuracy >= 0.99
    for check in result.scores:
        assert check.far == pytest.approx(10 ** (1 - check.score / 10), rel=0.5)
