import pytest

from edge.door.board import board_names, boot_lines, detect_board, load_board
from edge.errors import BoardInvalid

MINIMAL = """
title = "A board"
compatible = ["maker,board"]
chip = "chip"
boot = "device-tree"
inputs = {}

[lock]
line = 17
header = 11
active_high = true
"""


@pytest.fixture
def boards(tmp_path):
    (tmp_path / "mine.toml").write_text(MINIMAL)
    return tmp_path


def test_every_profile_that_ships_can_be_used():
    assert {"raspberry-pi-4-relay-hat", "raspberry-pi-5-relay-hat", "jetson-orin-header"} <= set(
        board_names()
    )
    for name in board_names():
        board = load_board(name)
        assert {one.name for one in board.inputs} == {"contact", "rex", "tamper", "fire"}


def test_a_profile_that_is_not_there_names_the_nearest(boards):
    with pytest.raises(BoardInvalid, match="did you mean 'mine'"):
        load_board("mime", boards)
    with pytest.raises(BoardInvalid, match="there are: mine"):
        load_board("../../etc/passwd", boards)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("line = 17", "line = -1", "lock.line"),
        ("line = 17", 'line = "17"', "lock.line"),
        ("active_high = true", "", "lock.active_high"),
        ("header = 11", "header = 11\ncolor = 1", "lock.color"),
        ('boot = "device-tree"', 'boot = "magic"', "boot"),
        (
            "inputs = {}",
            "inputs.bell = {line = 5, header = 3, active_high = true, pull = 'up'}",
            "inputs.bell",
        ),
        (
            "inputs = {}",
            "inputs.rex = {line = 17, header = 3, active_high = true, pull = 'up'}",
            "used twice",
        ),
        ('title = "A board"', "title = ", "cannot be read"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_in_one_line_that_names_the_place(boards, old, new, told):
    (boards / "mine.toml").write_text(MINIMAL.replace(old, new))
    with pytest.raises(BoardInvalid, match=told) as refused:
        load_board("mine", boards)
    assert "\n" not in str(refused.value)
    assert "mine.toml" in str(refused.value)


def test_a_profile_that_is_not_text_is_refused(boards):
    (boards / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BoardInvalid, match=r"mine\.toml"):
        load_board("mine", boards)


@pytest.mark.parametrize(
    ("lock_type", "line", "released"),
    [("strike", "gpio=26=op,pu,dh", True), ("maglock", "gpio=26=op,pd,dl", False)],
)
def test_the_boot_lines_drive_the_lock_line_to_locked_before_linux_runs(lock_type, line, released):
    lines = boot_lines(load_board("raspberry-pi-5-relay-hat"), lock_type).splitlines()
    assert line in lines
    assert "gpio=5=ip,pu" in lines
    assert ("dtparam=strict_gpiod" in lines) is released


def test_a_board_that_does_not_boot_from_config_txt_has_no_boot_lines():
    assert boot_lines(load_board("jetson-orin-header"), "strike") == ""


def test_the_board_is_recognized_by_its_device_tree(tmp_path):
    compatible = tmp_path / "compatible"
    compatible.write_text("raspberrypi,5-model-b\0brcm,bcm2712\0")
    assert detect_board(compatible) == "raspberry-pi-5-relay-hat"
    compatible.write_text("acme,toaster\0")
    assert detect_board(compatible) is None
    assert detect_board(tmp_path / "missing") is None
