"""Board profiles: which line of which board does what, as data in hardware/boards."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.door.inputs import InputName, InputPin, Pull
from edge.door.lock import LockType, unlocked_level
from edge.errors import BoardInvalid
from edge.resources import folder

_COMPATIBLE = Path("/proc/device-tree/compatible")


@dataclass(frozen=True, slots=True)
class BoardLock:
    """The relay's line. header: its pin on the board's header. active_high: high energizes the relay."""

    pin: int
    header: int
    active_high: bool


@dataclass(frozen=True, slots=True)
class Board:
    """One profile. chip: label of the GPIO chip that has the lines. compatible: the device-tree
    names of the boards it is for. boot: where the lines get their level before Linux runs."""

    name: str
    title: str
    chip: str
    compatible: tuple[str, ...]
    boot: Literal["config.txt", "device-tree"]
    lock: BoardLock
    inputs: tuple[InputPin, ...]


def board_names(boards: Path | None = None) -> tuple[str, ...]:
    """The profiles there are, sorted."""
    return tuple(sorted(file.stem for file in (boards or _boards()).glob("*.toml")))


def load_board(name: str, boards: Path | None = None) -> Board:
    """Read one profile. boards: the folder they lie in, hardware/boards unless told.

    Raises BoardInvalid when there is none of that name or it cannot be used.
    """
    boards = boards or _boards()
    known = board_names(boards)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise BoardInvalid(f"no board profile named {name!r} in {boards}; {hint}")
    file = boards / f"{name}.toml"
    try:
        profile = _Profile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "profile"
        raise BoardInvalid(f"board profile {file}: {where}: {first['msg']}; correct it") from error
    except (OSError, ValueError) as error:
        raise BoardInvalid(f"board profile {file} cannot be read: {error}") from error
    return _board(name, profile)


def detect_board(compatible: Path = _COMPATIBLE, boards: Path | None = None) -> str | None:
    """The profile made for the machine this runs on; None when there is none. Raises BoardInvalid."""
    try:
        here = set(compatible.read_text(encoding="utf-8").split("\0"))
    except OSError:
        return None
    fitting = (name for name in board_names(boards) if here & set(load_board(name, boards).compatible))
    return next(fitting, None)


def boot_lines(board: Board, lock_type: LockType) -> str:
    """What to add to config.txt so that the lines are right before Linux runs; empty for other boards.

    A strike's line is also returned to an input when the process dies, which de-energizes it; a
    maglock's keeps its level, for de-energized it would be open.
    """
    if board.boot != "config.txt":
        return ""
    locked_high = not unlocked_level(lock_type, board.lock.active_high)
    level = "pu,dh" if locked_high else "pd,dl"
    lines = [f"# ostiary: {board.name}, {lock_type}", f"gpio={board.lock.pin}=op,{level}"]
    pulls: dict[Pull, str] = {"up": "pu", "down": "pd", "none": "pn"}
    lines += [f"gpio={one.pin}=ip,{pulls[one.pull]}" for one in board.inputs]
    if lock_type == "strike":
        lines.append("dtparam=strict_gpiod")
    return "\n".join(lines) + "\n"


def _boards() -> Path:
    return folder("hardware") / "boards"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Line(_Table):
    line: int = Field(ge=0, le=511)
    header: int = Field(ge=1, le=40)
    active_high: bool


class _Input(_Line):
    pull: Pull
    debounce_s: float = Field(default=0.05, ge=0.001, le=1.0)


class _Profile(_Table):
    title: str
    compatible: list[str]
    chip: str
    boot: Literal["config.txt", "device-tree"]
    lock: _Line
    inputs: dict[InputName, _Input]

    @model_validator(mode="after")
    def _no_line_twice(self) -> _Profile:
        lines = [self.lock.line, *(one.line for one in self.inputs.values())]
        twice = sorted({line for line in lines if lines.count(line) > 1})
        if twice:
            raise ValueError(f"line {twice[0]} is used twice")
        return self


def _board(name: str, profile: _Profile) -> Board:
    return Board(
        name=name,
        title=profile.title,
        chip=profile.chip,
        compatible=tuple(profile.compatible),
        boot=profile.boot,
        lock=BoardLock(profile.lock.line, profile.lock.header, profile.lock.active_high),
        inputs=tuple(
            InputPin(key, one.line, one.active_high, one.pull, one.debounce_s)
            for key, one in profile.inputs.items()
        ),
    )
