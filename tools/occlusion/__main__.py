"""Train the occlusion network: faces, things drawn over them, training, int8, figures."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from liveness.network import FaceNet
from liveness.training import BATCH, Batch, Stream, optimize
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from occlusion import card, figures, material
from occlusion.regions import REGIONS
from occlusion.samples import centered, network_input, sample

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".tools" / "train_occlusion-work"
STEPS, RATE = 4000, 3e-3
PER_PERSON = 2
EXAMPLES = 300


def main() -> None:
    options = _options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    if not (options.data / "lfw_dev").is_dir():
        raise SystemExit(
            f"no pictures at {options.data}; --data DIR or OSTIARY_EVAL_DATA names the evaluation data"
        )
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"Training on {device}; seed {options.seed}")
    faces = _faces(options.data)
    known = np.flatnonzero(~faces.held)

    def draw(rng: np.random.Generator) -> Batch:
        made = [sample(rng, faces, int(k)) for k in rng.choice(known, BATCH)]
        crops = np.stack([network_input(crop) for crop, _ in made]).transpose(0, 3, 1, 2)
        return torch.from_numpy(np.ascontiguousarray(crops)), torch.from_numpy(np.stack([s for _, s in made]))

    torch.manual_seed(options.seed)
    steps = 20 if options.fast else options.steps
    with tqdm(total=steps, desc="  occlusion", unit="step") as bar:

        def progress(step: int, _steps: int, loss: float) -> None:
            bar.update(step - bar.n)
            bar.set_postfix(loss=f"{loss:.3f}")

        net = optimize(
            FaceNet(len(REGIONS)),
            Stream(draw, options.seed, options.threads),
            _loss,
            steps,
            RATE,
            device,
            60 * options.minutes,
            progress,
        )
    torch.save(net.state_dict(), WORK / "final.pt")
    from liveness.export import to_int8

    rng = np.random.default_rng(options.seed)
    examples = [
        network_input(sample(rng, faces, int(k))[0] if n % 2 else centered(faces.crops[k]))
        for n, k in enumerate(rng.choice(known, 30 if options.fast else EXAMPLES))
    ]
    content = to_int8(net, examples)
    rows = figures.measure(content, faces, options.data, options.seed)
    print(card.table(rows))
    if options.fast:
        print("--fast: nothing written to models/")
        return
    card.write(options.models, content, rows, len(known))
    print(f"Wrote {options.models}/{card.STEM}.tflite ({len(content)} bytes), .toml and .md")


def _loss(logits: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    loss = functional.binary_cross_entropy_with_logits(logits, shares * 0.98 + 0.01)
    return loss, loss


def _faces(data: Path) -> material.Faces:
    """Made once; kept under .tools until deleted."""
    kept = WORK / "faces.npz"
    if kept.exists():
        with np.load(kept) as stored:
            return material.Faces(stored["crops"], stored["points"], stored["held"])
    faces = material.lfw_faces(data, PER_PERSON, _show)
    np.savez(kept, crops=faces.crops, points=faces.points, held=faces.held)
    return faces


def _show(items: Iterable[object], title: str, total: int) -> Iterable[object]:
    return tqdm(items, desc=f"  {title}", total=total)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/train_occlusion", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="evaluation data (default: OSTIARY_EVAL_DATA, ../shared/data)",
    )
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="where the result goes")
    parser.add_argument("--steps", type=int, default=STEPS, help="batches of 64")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so long at the latest")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fast", action="store_true", help="a few steps to see that it runs; keeps no model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
