"""Times face_recognition on frames from standard input; runs in the peers' environment.

A frame is a line of JSON with height and width, then the RGB pixels. The answer to each is a line
of JSON: ms and cpu_ms for locate and encode, and how many faces were found.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import numpy as np

warnings.simplefilter("ignore")
import face_recognition  # noqa: E402


def main() -> None:
    source = sys.stdin.buffer
    # The package's own __version__ is that of an older release.
    print(json.dumps(dict(versions())), flush=True)
    while header := source.readline():
        shape = json.loads(header)
        pixels = source.read(shape["height"] * shape["width"] * 3)
        image = np.frombuffer(pixels, np.uint8).reshape(shape["height"], shape["width"], 3)
        began, cpu_began = time.perf_counter(), time.process_time()
        places = face_recognition.face_locations(image)
        face_recognition.face_encodings(image, places)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
        print(json.dumps({"ms": seconds * 1000, "cpu_ms": cpu_s * 1000, "faces": len(places)}), flush=True)


def versions() -> Iterator[tuple[str, str]]:
    """What is compared: the package, and the dlib it runs on (compiled here, or ready-made)."""
    yield "face_recognition", version("face_recognition")
    for name in ("dlib", "dlib-bin"):
        with contextlib.suppress(PackageNotFoundError):
            yield name, version(name)


main()
