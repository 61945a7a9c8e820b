"""Train the heads for glasses, hair and mask, and calibrate age and gender; cross-validated over people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from attributes import card, labels, material
from attributes.study import Material, study
from edge.vision.manifest import find

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".tools" / "train_attributes-work"


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    if not (options.data / "lfw_dev").is_dir():
        raise SystemExit(
            f"no pictures at {options.data}; --data DIR or OSTIARY_EVAL_DATA names the evaluation data"
        )
    WORK.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    seen = _material(options)
    result = study(seen, labels.read(), options.seed)
    print(card.table(result.rows))
    for name, value in result.measured.items():
        print(f"  {name} {value:.4f}")
    if options.report:
        table = {"rows": [asdict(row) for row in result.rows], "measured": result.measured}
        options.report.write_text(json.dumps(table, indent=2) + "\n")
    # TensorFlow takes seconds to import: not for --help.
    from attributes.export import to_tflite

    content = to_tflite(result.glasses, result.hair, result.mask)
    card.write(options.models, content, result, str(find("attributes", "faceres").model_id))
    print(f"Wrote {options.models}/{card.STEM}.tflite ({len(content)} bytes), .toml and .md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/train_attributes", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="evaluation data (default: OSTIARY_EVAL_DATA, ../shared/data)",
    )
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="where the result goes")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def _show(items: Iterable[object], title: str, total: int) -> Iterable[object]:
    return tqdm(items, desc=f"  {title}", total=total)


def _material(options: argparse.Namespace) -> Material:
    """Made once for each network and seed; kept under .tools until deleted."""
    network = find("attributes", "faceres").sha256[:12]
    kept = WORK / f"seen-{network}-{options.seed}.npz"
    if kept.exists():
        with np.load(kept) as stored:
            return Material(
                *(stored[name] for name in ("digests", "kinds", "persons")),
                material.Seen(*(stored[field.name] for field in fields(material.Seen))),
            )
    eyes = material.Eyes()
    found = material.pictures(options.data, eyes, _show)
    seen = material.look(found, eyes, options.seed, _show)
    found = material.without_twins(found, seen.features)
    made = Material(
        np.array([picture.digest for picture in found]),
        np.array([picture.kind for picture in found]),
        np.array([picture.person for picture in found]),
        seen,
    )
    arrays = {field.name: getattr(seen, field.name) for field in fields(seen)}
    np.savez(kept, digests=made.digests, kinds=made.kinds, persons=made.persons, **arrays)
    return made


main()
