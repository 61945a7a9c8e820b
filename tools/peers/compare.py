"""Compare our decision with face_recognition's locate and encode, ten frames each in turn.

Both have one thread on the same core, and see the same pixels: 640x480, one face.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from edge.app.machine import describe_machine  # noqa: E402
from edge.app.pipeline_bench import WARM_UP, open_bench  # noqa: E402
from edge.cli.bench import STANDING_FRAMES  # noqa: E402
from edge.cli.progress import bar  # noqa: E402
from edge.demo.scenes import frames as scene_frames  # noqa: E402
from edge.errors import OstiaryError  # noqa: E402
from edge.settings import Settings  # noqa: E402

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


BLOCK = 10
"""Frames that each looks at before the other's turn: neither is timed on a cache the other has filled."""


class Peer:
    """The other package, in a process of its own."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [python, HERE / "face_recognition_worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )
        self.versions = self._answer()

    def look(self, image: np.ndarray) -> dict:
        """ms, cpu_ms and faces for a BGR picture."""
        rgb = np.ascontiguousarray(image[..., ::-1])
        head = json.dumps({"height": rgb.shape[0], "width": rgb.shape[1]}).encode()
        self._process.stdin.write(head + b"\n" + rgb.tobytes())
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench_peers: face_recognition ended with {self._process.wait(10)}; see above")
        return json.loads(line)


def main() -> None:
    options = arguments()
    os.environ.update(ONE_THREAD)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # inherited by the peer: one core for both
    visitor = list(scene_frames("enrolled_walks_up"))[-STANDING_FRAMES:]
    peer = Peer(options.peer_python)
    ours, ours_cpu, bare, theirs, theirs_cpu = [], [], [], [], []
    try:
        with open_bench(Settings(), options.people) as pipeline, bar("Frames") as progress:
            cv2.setNumThreads(1)
            blocks = 0
            while len(ours) < options.frames:
                blocks += 1
                if blocks > 10 + options.frames:
                    raise SystemExit("bench_peers: no frame leads to a comparison; are the models in place?")
                seen = [(image, pipeline.look(image)) for image in block(visitor, blocks)]
                for image, full in seen[WARM_UP:]:
                    if full is None:
                        continue
                    other = peer.look(image)
                    if other["faces"] == 1:
                        ours.append(full.seconds * 1000)
                        ours_cpu.append(full.cpu_s * 1000)
                        bare.append(full.lap.bare_s * 1000)
                        theirs.append(other["ms"])
                        theirs_cpu.append(other["cpu_ms"])
                progress(min(len(ours), options.frames), options.frames)
    finally:
        peer.close()
    result = {
        "ostiary_ms": round(statistics.median(ours), 3),
        "face_recognition_ms": round(statistics.median(theirs), 3),
        "ratio": round(statistics.median(theirs) / statistics.median(ours), 2),
        "ratio_cpu": round(statistics.median(theirs_cpu) / statistics.median(ours_cpu), 2),
        "frames": len(ours),
        "people": options.people,
        "ostiary_bare_invoke_ms": round(statistics.median(bare), 3),
        "peer": peer.versions,
        "machine": describe_machine(),
    }
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    show(result, ours, theirs)


def block(visitor: list[np.ndarray], number: int) -> list[np.ndarray]:
    """The frames of one turn, and before them some that are not counted, as in a camera's stream."""
    first = number * BLOCK
    return [visitor[i % len(visitor)] for i in range(first - WARM_UP, first + BLOCK)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench_peers", description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--frames", type=int, default=60, help="frames to compare (default %(default)s)")
    parser.add_argument(
        "--people", type=int, default=10_000, help="people in our gallery (default %(default)s)"
    )
    parser.add_argument("--peer-python", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.frames < 1 or options.people < 1:
        parser.error("--frames and --people must be 1 or more")
    return options


def show(result: dict, ours: list[float], theirs: list[float]) -> None:
    table = Table(title=f"One 640x480 frame, one thread, {result['frames']} frames in turn")
    for column, justify in (("", "left"), ("what", "left"), ("p50 ms", "right"), ("p95 ms", "right")):
        table.add_column(column, justify=justify)
    everything = f"detect, landmarks, quality, liveness, embed, match with {result['people']}"
    version = result["peer"]["face_recognition"]
    table.add_row("ostiary", everything, *row(ours))
    table.add_row(f"face_recognition {version}", "locate (HOG), encode", *row(theirs))
    console = Console()
    console.print(table)
    console.print(
        f"[bold]{result['ratio']:.1f} times faster[/]; in processor time, which other work on the machine"
        f" disturbs less, {result['ratio_cpu']:.1f} times"
    )


def row(values: list[float]) -> list[str]:
    return [f"{np.percentile(values, share):.2f}" for share in (50, 95)]


if __name__ == "__main__":
    try:
        main()
    except OstiaryError as error:
        sys.exit(f"bench_peers: {error}")
    except OSError as error:
        sys.exit(f"bench_peers: {error.filename}: {error.strerror}")
