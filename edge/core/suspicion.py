"""What speaks against a face being that of a living person in front of the camera, besides its picture."""

from __future__ import annotations

from enum import StrEnum


class Suspicion(StrEnum):
    """Each is a veto: a face with one is not let in, however alive it looks. Stable strings, published."""

    PLANAR = "planar"
    FACE_SWAP = "face_swap"
    FROZEN = "frozen"
    REPEATED = "repeated"
    STREAM_CHANGED = "stream_changed"
    STREAM_TIMES = "stream_times"
    DARK_IN_INFRARED = "dark_in_infrared"
    FLAT_IN_DEPTH = "flat_in_depth"


MEANING = {
    Suspicion.PLANAR: "moves like a flat picture",
    Suspicion.FACE_SWAP: "became another face while it was watched",
    Suspicion.FROZEN: "shows the same picture again and again",
    Suspicion.REPEATED: "shows pictures that were seen before",
    Suspicion.STREAM_CHANGED: "the camera's pictures changed their format",
    Suspicion.STREAM_TIMES: "the camera's pictures came at times that no camera takes them",
    Suspicion.DARK_IN_INFRARED: "is dark in infrared, as screens are",
    Suspicion.FLAT_IN_DEPTH: "is flat, as screens and paper are",
}
"""In plain words, for logs and tables; follows "the face ..."."""
