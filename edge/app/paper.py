"""What the figures of the evaluations are drawn on.

Needs matplotlib, which is no part of the daemon and is imported when something is drawn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import NormalDist
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (9.0, 6.0)
_DPI = 160
BLUE, ORANGE, GRAY = "#1f5fa8", "#c8571b", "#555555"


def check_drawable(folder: Path) -> None:
    """Refuse what could not be drawn, before minutes of work; makes the folder. Raises SettingsError."""
    if find_spec("matplotlib") is None:
        raise SettingsError("--plots needs matplotlib; pip install matplotlib")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot write pictures to {folder}: {error.strerror}; give another folder"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"cannot write pictures to {folder}; give a folder that may be written")


@contextmanager
def open_matplotlib() -> Iterator[None]:
    """Matplotlib keeps a list of fonts in the home folder; nothing of ours may stay there."""
    before = os.environ.get("MPLCONFIGDIR")
    with TemporaryDirectory(prefix="ostiary-plots-") as folder:
        os.environ["MPLCONFIGDIR"] = before or folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["MPLCONFIGDIR"]


def blank() -> tuple[Figure, Axes]:
    """A figure with one plot on it, nothing drawn yet."""
    figure, (axes,) = panels(1, 1, SIZE_INCHES)
    return figure, axes


def panels(rows: int, columns: int, size_inches: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """A figure with several plots on it, row by row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_inches, layout="constrained")
    FigureCanvasAgg(figure)
    plots = [figure.add_subplot(rows, columns, number) for number in range(1, rows * columns + 1)]
    for axes in plots:
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return figure, plots


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG. Raises SettingsError."""
    try:
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}; give another folder") from None


def deviates(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rates, 0..1, as normal deviates, the scale of a detection error trade-off (ISO/IEC 19795-1)."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(min(max(float(rate), 1e-9), 1 - 1e-9)) for rate in rates])


def percent(rate: float) -> str:
    return f"{100 * rate:g} %"
