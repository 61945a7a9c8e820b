import pytest
from typer.testing import CliRunner

from edge.cli.main import app
from edge.door.board import board_names
from edge.errors import BoardInvalid


def run(*arguments):
    return CliRunner().invoke(app, ["board", *arguments])


def test_every_profile_is_listed():
    told = run("list")
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.stdout.replace("*", " ").splitlines()] == list(board_names())


def test_the_lines_for_config_txt_go_to_standard_output_alone():
    told = run("lines", "raspberry-pi-5-relay-hat", "--lock", "maglock")
    assert told.exit_code == 0
    assert "gpio=26=op,pd,dl" in told.stdout.splitlines()
    assert told.stderr == ""


def test_a_board_without_config_txt_says_so_and_prints_nothing_to_append():
    told = run("lines", "jetson-orin-header")
    assert told.exit_code == 0
    assert told.stdout == ""
    assert "device tree" in told.stderr


def test_a_board_that_is_not_there_is_refused():
    assert isinstance(run("lines", "raspberry").exception, BoardInvalid)


def test_a_lock_type_that_is_not_there_is_refused():
    assert run("lines", "raspberry-pi-5-relay-hat", "--lock", "latch").exit_code == 2


@pytest.mark.parametrize("lock_type", ["strike", "maglock"])
def test_securing_the_relay_gives_no_edge(tmp_path, lock_type):
    config, log = tmp_path / "ostiary.toml", tmp_path / "edges"
    config.write_text(f'[door]\nkind = "simulated"\nlock_type = "{lock_type}"\nedge_log = "{log}"\n')
    told = CliRunner().invoke(app, ["--config", str(config), "--store", str(tmp_path), "board", "secure"])
    assert told.exit_code == 0, told.exception
    assert not log.exists()
