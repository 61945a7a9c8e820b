"""Many made-up people at once, to measure with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.face import ModelId
from edge.store.database import Database
from edge.store.revision import change

_BORN = "2026-01-01T00:00:00.000Z"


def add_strangers(database: Database, model: ModelId, vectors: NDArray[np.float32], first: int = 0) -> None:
    """Enroll people `stranger-<number>`, numbered from `first` on, in one transaction. Raises StoreError.

    vectors: float32 (P, F, D), norm 1; F faces of each of P people.
    """
    people, faces, dimensions = vectors.shape
    names = [f"stranger-{first + number}" for number in range(people)]
    with change(database):
        (newest,) = database.rows("SELECT coalesce(max(number), 0) FROM faces")[0]
        numbers = range(newest + 1, newest + 1 + people * faces)
        database.insert_all(
            "INSERT INTO people (id, name, created) VALUES (?, '', ?)", [(name, _BORN) for name in names]
        )
        database.insert_all(
            "INSERT INTO faces (number, id, person, added, quality, source) VALUES (?, ?, ?, ?, 1, '')",
            [
                (number, f"stranger-face-{number}", names[at // faces], _BORN)
                for at, number in enumerate(numbers)
            ],
        )
        blobs = vectors.astype("<f4", copy=False).reshape(-1, dimensions)
        database.insert_all(
            "INSERT INTO templates (face, model, vector) VALUES (?, ?, ?)",
            [(number, model, blob.tobytes()) for number, blob in zip(numbers, blobs, strict=True)],
        )
