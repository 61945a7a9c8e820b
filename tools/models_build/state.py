"""Which models are in place. Needs nothing but Python: run as a program, exits 0 when all are."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

from models_build.plans import PLANS, Plan

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
CACHE = ROOT / ".tools" / "sources"


def is_current(plan: Plan) -> bool:
    """The file is there and is the one its manifest describes, and so are its parts."""
    manifest, file = MODELS / f"{plan.stem}.toml", MODELS / plan.file
    if not (manifest.exists() and file.exists()):
        return False
    table = tomllib.loads(manifest.read_text())
    if [part["sha256"] for part in table.get("part", [])] != [_digest(part) for part in plan.parts]:
        return False
    return table["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def parts(plan: Plan) -> list[dict[str, str]]:
    """What a manifest says of the models that it is made of."""
    tables = [tomllib.loads((MODELS / f"{stem}.toml").read_text()) for stem in plan.parts]
    return [{key: table[key] for key in ("task", "name", "sha256")} for table in tables]


def _digest(stem: str) -> str | None:
    manifest = MODELS / f"{stem}.toml"
    return tomllib.loads(manifest.read_text())["sha256"] if manifest.exists() else None


if __name__ == "__main__":
    missing = [plan.stem for plan in PLANS if not is_current(plan)]
    print(
        f"to build: {', '.join(missing)}" if missing else "all models are up to date; --force rebuilds them"
    )
    sys.exit(1 if missing else 0)
