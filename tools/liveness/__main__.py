"""Train the passive liveness model: pictures, simulation, features, folds, final training, int8, figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from models_build.sources import fetch
from numpy.typing import NDArray
from tqdm import tqdm

from edge.core.pad_metrics import auc
from liveness import calibration, card, features, material, mobilenet, pool, sheet, tails
from liveness.augment import network_input
from liveness.figures import Held
from liveness.kinds import VIEWS
from liveness.labelled import Labelled, Real, real_scenes, shared_frames, site_frames
from liveness.mobilenet import Tail, Trunk
from liveness.report import Report, measure
from liveness.tails import Task

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / ".tools" / "sources"
STRANGERS = {"live": 1800, "screen": 1600, "print": 1000}
OWN = {"live": 250, "screen": 350, "print": 200}
"""Simulated scenes: with LFW's people, and with those of each source."""
SEEDS = 2
"""So many tails are trained for each view and fold, then distilled into one."""
STEPS, DISTILLING_STEPS = 400, 240
EXAMPLES = 300
METHOD = "each of {n} sources scored by an int8 network that never saw it, single frames, one threshold"


def main() -> None:
    options = _options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if options.calibrate:
        report = calibration.calibrate(site_frames(options.site), ROOT / "models", options.models, _show)
    else:
        report = _train(options, device)
    print(report.table())
    print(report.scorecard)
    if options.report:
        options.report.write_text(json.dumps(report.as_json(), indent=2) + "\n")


def _train(options: argparse.Namespace, device: str) -> Report:
    if not (options.data / "liveness" / "manifest.csv").is_file():
        raise SystemExit(
            f"no pictures at {options.data}; --data DIR or OSTIARY_EVAL_DATA names the evaluation data"
        )
    print(f"Training on {device}; seed {options.seed}")
    size = 0.02 if options.fast else 1.0
    frames = shared_frames(options.data) + (site_frames(options.site) if options.site else [])
    real = real_scenes(frames, _show)
    simulated = _simulated(options, frames, size)
    if options.sheet:
        sheet.write(options.sheet, simulated)
    trunk, start = mobilenet.pretrained(fetch("handtrack.json", SOURCES), fetch("handtrack.bin", SOURCES))
    trunk = trunk.to(device, memory_format=torch.channels_last)
    crops = pool.fill(trunk, real, simulated, options.seed, options.threads, size, _show)
    print("Tails: for each source a network that never saw it, and the one to ship")
    sources: list[str | None] = [*sorted(set(real.source)), None]
    seeds = range(options.seed, options.seed + SEEDS)
    tasks = [Task(view, without, seed) for without in sources for view in range(len(VIEWS)) for seed in seeds]
    part = options.epochs * size
    steps, more = (max(2, round(count * part)) for count in (STEPS, DISTILLING_STEPS))
    several = tails.train_all(crops, start, tasks, steps, options.threads, device, _show)
    tasks = [task for task in tasks if task.seed == options.seed]
    trained = tails.distill_all(crops, several, tasks, more, options.threads, device, _show)
    trunk = trunk.cpu()
    report = folds(trunk, trained, real, options.seed)
    if options.fast:
        print("--fast: nothing written")
        return report
    from liveness.mobilenet_export import to_int8

    shipped = [trained[Task(view, None, options.seed)] for view in range(len(VIEWS))]
    content = to_int8(trunk, shipped, _examples(real, np.ones(len(real.source), bool), options.seed))
    card.write(options.models, content, report, counts(real, simulated, trunk, shipped))
    print(f"Wrote {options.models}/{card.STEM}.tflite ({len(content)} bytes), .toml and .md")
    return report


def folds(trunk: Trunk, trained: dict[Task, Tail], real: Real, seed: int) -> Report:
    """Each source scored by the int8 file that never saw it."""
    from liveness.mobilenet_export import scored, to_int8

    sources = sorted(set(real.source))
    held, areas = {}, []
    for source in _show(sources, "int8 folds", len(sources)):
        members = np.flatnonzero(real.source == source)
        parts = [trained[Task(view, str(source), seed)] for view in range(len(VIEWS))]
        content = to_int8(trunk, parts, _examples(real, real.source != source, seed))
        logits = scored(content, (inputs(real.scenes[k]) for k in members))
        alive = real.live[members]
        held[str(source)] = Held(logits[alive], logits[~alive], real.attack[members][~alive])
        seen = [features.central(trunk, real.scenes[members], view) for view in range(len(VIEWS))]
        plain = sum(
            v.weight * tails.logits(tail, one) for v, tail, one in zip(VIEWS, parts, seen, strict=True)
        )
        areas.append(auc(plain[alive], plain[~alive]))
    return measure(held, METHOD.format(n=len(sources)), float(np.mean(areas)))


def inputs(scene: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network takes of one stored scene: float32 (V, 96, 96, 3)."""
    return np.stack([network_input(features.crops(scene[k][None], view)[0]) for k, view in enumerate(VIEWS)])


def counts(
    real: Real, simulated: material.Simulated, trunk: Trunk, shipped: Sequence[Tail]
) -> dict[str, int]:
    return {
        "sources": len(set(real.source)),
        "real_live": int(real.live.sum()),
        "real_attacks": int((~real.live).sum()),
        "parameters": mobilenet.parameters(trunk, shipped),
        "macs": mobilenet.macs(len(VIEWS)),
        **{kind: int((simulated.kind == kind).sum()) for kind in pool.KINDS},
    }


def _simulated(options: argparse.Namespace, frames: list[Labelled], size: float) -> material.Simulated:
    segmenter = material.Segmenter(fetch("selfie_segmentation.tflite", SOURCES))
    own = material.own_people(frames, segmenter, _show)
    strangers = material.portraits(options.data, segmenter, _show)
    casts = {pool.STRANGERS: strangers}
    casts |= {source: material.mixed(people, strangers, options.seed) for source, people in own.items()}
    wanted = {
        cast: {
            kind: max(10, round(count * size))
            for kind, count in (STRANGERS if cast == pool.STRANGERS else OWN).items()
        }
        for cast in casts
    }
    rooms = material.backdrops(options.data)
    return material.simulate(casts, rooms, wanted, options.seed, options.threads, _show)


def _examples(real: Real, members: NDArray[np.bool_], seed: int) -> list[NDArray[np.float32]]:
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(members))[:EXAMPLES]
    return [inputs(real.scenes[k]) for k in chosen]


def _show(items: Iterable[object], title: str, total: int) -> Iterable[object]:
    return tqdm(items, desc=f"  {title}", total=total)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/train_liveness", description=__doc__)
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        required=True,
        help="evaluation data (default: OSTIARY_EVAL_DATA, ../shared/data)",
    )
    add("--models", type=Path, default=ROOT / "models", help="where the result goes")
    add(
        "--site",
        type=Path,
        help="a site's own pictures: live/ and attack/[TYPE/], or a manifest.csv as for 'ostiary evaluate "
        "liveness'; one more source",
    )
    add(
        "--calibrate",
        action="store_true",
        help="with --site: only set the shipped network's thresholds by them",
    )
    add("--report", type=Path, help="write the figures as JSON")
    add("--sheet", type=Path, help="write simulated scenes as a picture to look at")
    add("--epochs", type=float, default=1.0, help="length of training; 1 is the shipped model's")
    add("--seed", type=int, default=7)
    add("--threads", type=int, default=2, help="how many simulations, crops and trainings at a time")
    add("--fast", action="store_true", help="a few steps to see that it runs; keeps no model")
    options = parser.parse_args()
    if options.calibrate and not options.site:
        parser.error("--calibrate needs --site DIR, the pictures to set the thresholds by")
    return options


if __name__ == "__main__":
    main()
