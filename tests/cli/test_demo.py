from __future__ import annotations

import pytest

from tests.cli.command import ostiary


@pytest.mark.parametrize("option", ["--json", "--sheet"])
def test_a_result_that_could_not_be_written_is_refused_before_the_demo_begins(tmp_path, option):
    done = ostiary("demo", option, tmp_path / "absent" / "file")
    assert done.is_one_line_error
    assert "absent" in done.err
    assert "broker" not in done.out
