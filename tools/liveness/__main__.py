"""Train the passive liveness model: pictures, simulation, folds, final training, int8, figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from models_build.sources import fetch
from tqdm import tqdm

from liveness import card, figures, material
from liveness.augment import central_crop, network_input
from liveness.network import LivenessNet
from liveness.training import Group, score, train

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".tools" / "train_liveness-work"
SIMULATED = {"live": 10000, "screen": 4700, "print": 5000}
BASE_STEPS, TUNE_STEPS = 280, 400
BASE_RATE, TUNE_RATE = 3e-3, 2e-3
REAL_SHARE = 0.5
"""Of the pictures in fine-tuning; the rest is simulated, which keeps one threshold good for all sources."""


def main() -> None:
    options = _options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    if not (options.data / "liveness" / "manifest.csv").is_file():
        raise SystemExit(
            f"no pictures at {options.data}; --data DIR or OSTIARY_EVAL_DATA names the evaluation data"
        )
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"Training on {device}; seed {options.seed}")
    real, simulated = _material(options)
    made_up = _simulated_groups(simulated)
    steps = max(1, round(BASE_STEPS * options.epochs)), max(1, round(TUNE_STEPS * options.epochs))

    def fit(
        title: str, groups: list[Group], count: int, rate: float, start: LivenessNet | None
    ) -> LivenessNet:
        with tqdm(total=count, desc=f"  {title}", unit="step") as bar:

            def progress(step: int, _steps: int, loss: float) -> None:
                bar.update(step - bar.n)
                bar.set_postfix(loss=f"{loss:.3f}")

            return train(
                groups,
                count,
                options.seed,
                start=start,
                rate=rate,
                device=device,
                workers=options.threads,
                progress=progress,
            )

    print("Base: simulated scenes only, so that every fold may start from it")
    base = fit("base", made_up, steps[0], BASE_RATE, None)
    sources = sorted(set(real.source))
    print("Folds: each source scored by a network that never saw it")
    held: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for source in sources:
        known = real.source != source
        net = fit(f"without {source}", made_up + _real_groups(real, known), steps[1], TUNE_RATE, base)
        held[source] = (
            score(net, real.scenes[~known & real.live]),
            score(net, real.scenes[~known & ~real.live]),
        )
    everything = np.ones(len(real.source), bool)
    print("Final: all sources")
    final = fit("final", made_up + _real_groups(real, everything), steps[1], TUNE_RATE, base)
    torch.save(final.state_dict(), WORK / "final.pt")
    threshold = figures.common_threshold(held)
    rows = [figures.row(source, *held[source], threshold) for source in sources]
    print(card.table(rows))
    if options.report:
        options.report.write_text(json.dumps(card.as_json(rows, threshold), indent=2) + "\n")
    if options.fast:
        print("--fast: nothing written to models/")
        return
    from liveness.export import to_int8

    content = to_int8(final, _examples(real, simulated, options.seed))
    card.write(options.models, content, rows, threshold, figures.transferred(held), _counts(real, simulated))
    print(f"Wrote {options.models}/{card.STEM}.tflite ({len(content)} bytes), .toml and .md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/train_liveness", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="evaluation data (default: OSTIARY_EVAL_DATA, ../shared/data)",
    )
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="where the result goes")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    parser.add_argument(
        "--epochs", type=float, default=1.0, help="length of training; 1 is the shipped model's"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fast", action="store_true", help="a few steps to see that it runs; keeps no model")
    options = parser.parse_args()
    if options.fast:
        options.epochs = 0.01
    return options


def _show(items: Iterable[object], title: str, total: int) -> Iterable[object]:
    return tqdm(items, desc=f"  {title}", total=total)


def _material(options: argparse.Namespace) -> tuple[material.Real, dict[str, np.ndarray]]:
    """Made once; kept under .tools until deleted."""
    print("Pictures")
    kept = WORK / "real.npz"
    if kept.exists():
        with np.load(kept) as stored:
            real = material.Real(stored["scenes"], stored["source"], stored["live"])
    else:
        real = material.real_scenes(options.data, _show)
        np.savez(kept, scenes=real.scenes, source=real.source, live=real.live)
    size = 0.02 if options.fast else 1.0
    counts = {kind: max(64, round(count * size)) for kind, count in SIMULATED.items()}
    files = {kind: WORK / f"simulated-{kind}-{count}-{options.seed}.npy" for kind, count in counts.items()}
    if not all(file.exists() for file in files.values()):
        segmenter = fetch("selfie_segmentation.tflite", WORK)
        people = material.portraits(options.data, segmenter, _show)
        made = material.simulate(
            people, material.backdrops(options.data), counts, options.seed, options.threads, _show
        )
        for kind, scenes in made.items():
            np.save(files[kind], scenes)
    return real, {kind: np.load(file, mmap_mode="r") for kind, file in files.items()}


def _simulated_groups(simulated: dict[str, np.ndarray]) -> list[Group]:
    return [
        Group("simulated live", simulated["live"], True, 0.5 * (1 - REAL_SHARE)),
        Group("simulated screen", simulated["screen"], False, 0.25 * (1 - REAL_SHARE)),
        Group("simulated print", simulated["print"], False, 0.25 * (1 - REAL_SHARE)),
    ]


def _real_groups(real: material.Real, known: np.ndarray) -> list[Group]:
    """Every source, and live and attack within it, as often as any other."""
    sources = sorted(set(real.source[known]))
    return [
        Group(
            f"{source} {live}",
            real.scenes[(real.source == source) & (real.live == live)],
            live,
            REAL_SHARE / len(sources) / 2,
        )
        for source in sources
        for live in (True, False)
    ]


def _examples(real: material.Real, simulated: dict[str, np.ndarray], seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    scenes = list(real.scenes[rng.choice(len(real.scenes), min(250, len(real.scenes)), replace=False)])
    for kind in sorted(simulated):
        scenes += list(simulated[kind][:40])
    return [network_input(central_crop(scene)) for scene in scenes]


def _counts(real: material.Real, simulated: dict[str, np.ndarray]) -> dict[str, int]:
    return {
        "sources": len(set(real.source)),
        "real_live": int(real.live.sum()),
        "real_attacks": int((~real.live).sum()),
        "simulated_live": len(simulated["live"]),
        "simulated_screen": len(simulated["screen"]),
        "simulated_print": len(simulated["print"]),
    }


if __name__ == "__main__":
    main()
