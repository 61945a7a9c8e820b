"""Adds a face to a person, slowly. Arguments: the store, a file to make when the person was looked at, a file
to wait for before anything is stored."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from edge.core.face import PersonId
from edge.refusals import PersonConflict
from edge.store.database import open_database
from tests.service.keeping import desk, picture


def main() -> None:
    store, began, go_on = map(Path, sys.argv[1:])
    name, load = picture(7)

    def slow() -> object:
        began.touch()
        deadline = time.monotonic() + 30
        while not go_on.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return load()

    with open_database(store, durable=True) as database:
        try:
            desk(database).uploads.add(PersonId("ada"), [(name, slow)])
        except PersonConflict as error:
            print(error.code)
        else:
            print("added")


if __name__ == "__main__":
    main()
