"""What the daemon refuses to start with."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.wiring import open_models
from edge.errors import ManifestInvalid
from edge.resources import folder
from edge.settings import Settings


def test_a_liveness_model_without_a_scorecard_is_refused(tmp_path: Path) -> None:
    for file in folder("models").iterdir():
        (tmp_path / file.name).symlink_to(file)
    manifest = tmp_path / "liveness-context.toml"
    told = manifest.read_text()
    with open_models(Settings(), tmp_path) as models:
        assert any(one.path == manifest for one in models.manifests)
    manifest.unlink()
    manifest.write_text(told[: told.index("[scorecard]")])
    with (
        pytest.raises(
            ManifestInvalid, match=r"liveness-context\.toml has no scorecard.*; reinstall, or measure"
        ),
        open_models(Settings(), tmp_path),
    ):
        pass
