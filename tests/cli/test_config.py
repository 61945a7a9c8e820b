from __future__ import annotations

import json

import pytest

from edge.app.remote_layer import begin
from edge.configuration import Sources
from edge.core.config_document import read_desired
from edge.core.remote_note import Origin
from tests.cli.command import ostiary


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "ostiary.toml"
    file.write_text(f'[store]\nfolder = "{tmp_path}"\n[log]\nlevel = "error"\n')
    layer = begin(Sources(file))[1]
    layer.take(read_desired({"version": 1, "settings": {"door": {"unlock_s": "2.5"}}}), Origin.SITE)
    return file


def test_the_configuration_in_force_says_where_each_value_comes_from(file):
    told = json.loads(ostiary("--config", file, "config", "show", "--json").out)
    assert told["door.unlock_s"] == {"value": 2.5, "source": "remote"}
    assert told["log.level"] == {"value": "error", "source": "file"}
    assert told["door.grace_s"]["source"] == "default"


def test_the_table_holds_what_was_set_and_all_on_request(file):
    table = ostiary("--config", file, "config", "show").out
    assert "door.unlock_s" in table
    assert "door.grace_s" not in table
    assert "door.grace_s" in ostiary("--config", file, "config", "show", "--all").out


def test_a_damaged_remote_file_is_one_line_of_error(file):
    (file.parent / "remote.toml").write_text("[")
    done = ostiary("--config", file, "config", "show")
    assert done.is_one_line_error
    assert "remote.toml" in done.err
