"""A large gallery to one door that has nothing yet, and keeps it in a file."""

from __future__ import annotations

from functools import partial

from edge.hub.asking import asked
from tools.fleet.bench_site import FETCHING, LARGE, SITE, BenchSite
from tools.fleet.listening_post import listening
from tools.fleet.measures import Figure, Progress, tells
from tools.fleet.people_made import AT_ONCE, MODEL, batches
from tools.fleet.processes import BenchFailed, Simulator

PEOPLE = 50_000
_WITHIN_S = 180.0


def snapshot(site: BenchSite, progress: Progress, people: int = PEOPLE) -> list[Figure]:
    """From the door's first question until it has told that it has all of them, with a face each; the hub has
    made no snapshot before."""
    version: object = None
    with site.console() as operator:
        for done, ops in enumerate(batches(LARGE, site.key(), 0, people), 1):
            version = asked(operator, "gallery.put", {"gallery": LARGE, "ops": [*ops]})["version"]
            progress(done * AT_ONCE, people)
    arguments = ["--devices", "1", "--bundles", str(site.folder / "fleet/bundles"), "--prefix", FETCHING]
    arguments += ["--model", MODEL, "--store", str(site.folder)]
    door = Simulator(arguments, site.folder / "fetching.log")
    with listening(site.link(), SITE, ["gal/req", "gal/ack"]) as post, door.process:
        began = post.first_of_each(lambda told: told.get("type") == "gallery.request", 1, _WITHIN_S)
        ended = post.first_of_each(partial(tells, version), 1, _WITHIN_S)
        door.process.check()
        cpu_s = door.process.cpu_s()
    if not ended:
        raise BenchFailed(f"{FETCHING} did not get {people} people within {_WITHIN_S:g} s")
    took = ended[FETCHING] - began[FETCHING]
    file = site.folder / f"{FETCHING}.db"
    details: dict[str, object] = {"people": people, "store": "SQLite", "store_mb": file.stat().st_size >> 20}
    return [Figure("snapshot to one door", took, 30.0, "s", {**details, "cpu_s": round(cpu_s, 1)})]
