"""What a model file is and how to use it: the TOML beside it, read and checked."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.core.calibration import FarCurve
from edge.core.face import ModelId
from edge.core.scorecard import Scorecard, read_scorecard
from edge.errors import ManifestInvalid, ModelMissing
from edge.resources import folder

_SHA256_DIGITS = 64
_COLORS = ("RGB", "BGR", "GRAY", "NONE")
_DTYPES = ("uint8", "int8", "float32")


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the graph takes.

    shape: (1, height, width, channels). dtype: uint8 means raw pixels, all normalization is in
    the graph; float32 means that the caller computes (pixel - mean) / std, channel by channel.
    """

    shape: tuple[int, ...]
    dtype: str
    color: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    normalization: str

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.shape[2], self.shape[1]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of the graph. Outputs are told apart by shape and order, as the graph has them."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class PartSpec:
    """Another model that this one is made of, and the digest of the one it was fitted to."""

    task: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model. thresholds: by name; measured: figures by name, for people to read. parts: in order."""

    path: Path
    task: str
    name: str
    file: Path
    sha256: str
    bytes: int
    source: str
    version: str
    licence: str
    input: InputSpec
    outputs: tuple[OutputSpec, ...]
    decoder: str
    default: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    far_curve: FarCurve | None = None
    parts: tuple[PartSpec, ...] = ()
    scorecard: Scorecard | None = None

    @property
    def model_id(self) -> ModelId:
        """Tags templates; changes with every byte of the file and of its parts."""
        digests = [self.sha256, *(part.sha256 for part in self.parts)]
        digest = digests[0] if not self.parts else hashlib.sha256("".join(digests).encode()).hexdigest()
        return ModelId(f"{self.name}@{digest[:12]}")

    def threshold(self, name: str) -> float:
        """The threshold `name`. Raises ManifestInvalid when the manifest has none."""
        return _required(self.thresholds, name, self.path)

    def parameter(self, name: str) -> float:
        """The decoder's parameter `name`. Raises ManifestInvalid when the manifest has none."""
        return _required(self.parameters, name, self.path)

    def scored(self) -> Scorecard:
        """What a liveness model is known to stop. Raises ManifestInvalid when the manifest does not say."""
        if self.scorecard is None:
            raise ManifestInvalid(
                f"{self.path} has no scorecard, so that nobody knows which attacks the model stops; "
                "reinstall, or measure it with tools/train_liveness"
            )
        return self.scorecard


def load_manifest(path: Path) -> Manifest:
    """Read one manifest. Raises ModelMissing when it is absent, ManifestInvalid when it is wrong."""
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
    except FileNotFoundError:
        raise ModelMissing(f"no model manifest at {path}; reinstall or run tools/build_models") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestInvalid(f"cannot read {path}: {error}; reinstall or run tools/build_models") from None
    try:
        return _parse(path, table)
    except KeyError as error:
        raise ManifestInvalid(f"{path} lacks the key {error}; see models/README.md") from None
    except (TypeError, ValueError) as error:
        raise ManifestInvalid(f"{path}: {error}; see models/README.md") from None


def manifests(models: Path | None = None) -> list[Manifest]:
    """All manifests of the folder (default: the one that ships with the package), by file name."""
    return [load_manifest(path) for path in sorted((models or folder("models")).glob("*.toml"))]


def find(
    task: str, name: str | None = None, models: Path | None = None, over: Sequence[Path] = ()
) -> Manifest:
    """The model for a task: the one called `name`, else the task's default, else its only one.

    over: folders of one model each that take the place of what is in `models`.
    Raises ModelMissing when there is none, ManifestInvalid when the choice is open.
    """
    for one in over:
        for path in one.glob(f"{task}-*.toml"):
            manifest = load_manifest(path)
            if manifest.task == task and name in (None, manifest.name):
                return manifest
    where = models or folder("models")
    found = [load_manifest(path) for path in sorted(where.glob(f"{task}-*.toml"))]
    found = [one for one in found if one.task == task and name in (None, one.name)]
    wanted = task if name is None else f"{task}-{name}"
    if not found:
        raise ModelMissing(
            f"no manifest for the model {wanted} in {where}; reinstall or run tools/build_models"
        )
    chosen = [one for one in found if one.default] if len(found) > 1 else found
    if len(chosen) != 1:
        names = ", ".join(one.name for one in found)
        raise ManifestInvalid(f"several models for {wanted} in {where} ({names}); name one of them")
    return chosen[0]


def _parse(path: Path, table: Mapping[str, object]) -> Manifest:
    digest = _digest(table)
    name, task, file = _text(table, "name"), _text(table, "task"), _text(table, "file")
    if Path(file).name != file:
        raise ValueError(f"file {file!r} must be a plain file name")
    size = table["bytes"]
    if not isinstance(size, int) or size <= 0:
        raise ValueError(f"bytes {size!r} is not a positive integer")
    outputs = table["output"]
    if not isinstance(outputs, list) or not outputs:
        raise ValueError("output must be a list of at least one table")
    curve = _table(table, "far_curve")
    return Manifest(
        path=path,
        task=task,
        name=name,
        file=path.with_name(file),
        sha256=digest,
        bytes=size,
        source=_text(table, "source"),
        version=_text(table, "version"),
        licence=_text(table, "licence"),
        input=_input(_table(table, "input")),
        outputs=tuple(_output(one) for one in outputs),
        decoder=_text(table, "decoder"),
        default=table.get("default") is True,
        parameters=_numbers(table, "parameters"),
        thresholds=_numbers(table, "thresholds"),
        measured=_numbers(table, "measured"),
        far_curve=_curve(curve) if curve else None,
        parts=tuple(_part(one) for one in _tables(table, "part")),
        scorecard=read_scorecard(_table(table, "scorecard")) if "scorecard" in table else None,
    )


def _input(table: Mapping[str, object]) -> InputSpec:
    color = _text(table, "color")
    if color not in _COLORS:
        raise ValueError(f"color {color!r} is none of {', '.join(_COLORS)}")
    shape = _shape(table)
    if len(shape) != 4:
        raise ValueError(f"input shape {shape} is not (1, height, width, channels)")
    return InputSpec(
        shape=shape,
        dtype=_dtype(table),
        color=color,
        mean=_floats(table.get("mean", [0.0])),
        std=_floats(table.get("std", [1.0])),
        normalization=_text(table, "normalization"),
    )


def _output(table: object) -> OutputSpec:
    if not isinstance(table, dict):
        raise TypeError(f"output {table!r} is not a table")
    return OutputSpec(name=_text(table, "name"), shape=_shape(table), dtype=_dtype(table))


def _part(table: Mapping[str, object]) -> PartSpec:
    return PartSpec(task=_text(table, "task"), name=_text(table, "name"), sha256=_digest(table))


def _digest(table: Mapping[str, object]) -> str:
    digest = _text(table, "sha256")
    if len(digest) != _SHA256_DIGITS or set(digest) - set("0123456789abcdef"):
        raise ValueError(f"sha256 {digest!r} is not 64 lower-case hex digits")
    return digest


def _curve(table: Mapping[str, object]) -> FarCurve:
    return FarCurve(similarities=_floats(table["similarity"]), rates=_floats(table["fmr"]))


def _text(table: Mapping[str, object], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} {value!r} is not a text")
    return value


def _dtype(table: Mapping[str, object]) -> str:
    dtype = _text(table, "dtype")
    if dtype not in _DTYPES:
        raise ValueError(f"dtype {dtype!r} is none of {', '.join(_DTYPES)}")
    return dtype


def _shape(table: Mapping[str, object]) -> tuple[int, ...]:
    value = table["shape"]
    if not isinstance(value, list) or not all(isinstance(n, int) and n > 0 for n in value):
        raise ValueError(f"shape {value!r} is not a list of positive integers")
    return tuple(value)


def _floats(value: object) -> tuple[float, ...]:
    if not isinstance(value, Sequence) or not all(isinstance(n, int | float) for n in value):
        raise ValueError(f"{value!r} is not a list of numbers")
    return tuple(float(n) for n in value)


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise TypeError(f"{key} is not a table")
    return value


def _tables(table: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError(f"{key} is not a list of tables")
    return value


def _numbers(table: Mapping[str, object], key: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for name, value in _table(table, key).items():
        if not isinstance(value, int | float):
            raise TypeError(f"{key}.{name} {value!r} is not a number")
        found[name] = float(value)
    return found


def _required(numbers: Mapping[str, float], name: str, path: Path) -> float:
    try:
        return numbers[name]
    except KeyError:
        raise ManifestInvalid(f"{path} lacks the figure {name!r}; see models/README.md") from None
