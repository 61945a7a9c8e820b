"""Enrolls and erases people as fast as it can, until it is killed. Argument: the configuration."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

from edge.app.wiring import open_roster
from edge.configuration import load
from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import Person
from edge.errors import StoreLocked
from edge.refusals import GalleryError
from tests.factories import NOON

MODEL = ModelId("crash@0123456789ab")


def main() -> None:
    random = np.random.default_rng()
    with open_roster(load(Path(sys.argv[1]))) as roster:
        for number in itertools.count():
            person = PersonId(f"p{number % 40}")
            vector = random.normal(size=128).astype(np.float32)
            try:
                if random.random() < 0.3:
                    roster.gallery.remove_person(person)
                else:
                    roster.gallery.add_person(Person(person, "", NOON))
                    template = Embedding(vector / np.linalg.norm(vector), MODEL)
                    roster.gallery.add_face(person, template, quality=0.9, source="crash", at=NOON)
            except (GalleryError, StoreLocked):
                pass
            time.sleep(0.005)


if __name__ == "__main__":
    main()
