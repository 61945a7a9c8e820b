"""What the bench of a fleet measures. Each returns figures, with the bar that they are held to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from edge.core.ack import AckStatus
from edge.core.events import Json
from edge.hub.asking import asked
from edge.hub.console import Console
from tools.fleet.bench_site import GALLERY, SITE, BenchSite
from tools.fleet.listening_post import listening
from tools.fleet.people_made import AT_ONCE, batches, named
from tools.fleet.percentiles import Times
from tools.fleet.processes import BenchFailed

Progress = Callable[[int, int], None]
_WITHIN_S = 60.0
_ROUNDS = 5
_REST_S = 2.0
_FILLED_S = 240.0
BASE = 1_000
"""People of the gallery before anything is measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """name: what was measured. bar: what `value` must not be above; None where there is none."""

    name: str
    value: float
    bar: float | None
    unit: str
    details: dict[str, object]

    @property
    def is_met(self) -> bool:
        return self.bar is None or self.value <= self.bar


def fill(site: BenchSite, progress: Progress, people: int = BASE) -> None:
    """Put people into the gallery, so that a delta has something to change."""
    with site.console() as operator:
        for done, ops in enumerate(batches(GALLERY, site.key(), 0, people), 1):
            asked(operator, "gallery.put", {"gallery": GALLERY, "ops": [*ops]})
            progress(done * AT_ONCE, people)


def await_filled(site: BenchSite, people: int = BASE) -> Figure:
    """Every door has fetched the gallery; that has no bar."""
    began = time.monotonic()
    version = people // AT_ONCE
    while site.at_version(version) < site.devices:
        if time.monotonic() - began > _FILLED_S:
            raise BenchFailed(f"{site.at_version(version)} of {site.devices} doors have version {version}")
        time.sleep(0.2)
    took = time.monotonic() - began
    return Figure(f"snapshot of {people} people to all", took, None, "s", {})


def commands(site: BenchSite, progress: Progress) -> list[Figure]:
    """One order to all doors, answered by every one of them; for unlocking two keys sign."""
    orders: list[tuple[str, str, dict[str, Json]]] = [
        ("identify", "device.identify", {"seconds": 1}),
        ("unlock", "door.unlock", {"door": "main"}),
    ]
    figures = []
    with site.console() as operator:
        time.sleep(1.0)
        for place, (name, type_, body) in enumerate(orders):
            taken: list[float] = []
            for turn in range(_ROUNDS):
                taken += ordered(operator, SITE.all_cmd, site.devices, type_, body)
                progress(place * _ROUNDS + turn + 1, len(orders) * _ROUNDS)
                time.sleep(_REST_S)
            times = Times.of(taken)
            figures.append(Figure(f"command to all: {name}", times.p99, 3.0, "s", times.as_json()))
    return figures


def ordered(operator: Console, topic: str, devices: int, type_: str, body: dict[str, Json]) -> list[float]:
    """After how many seconds each of so many devices had carried out an order. Raises BenchFailed."""
    order = operator.order(topic, type_, body, 20.0)
    taken: dict[str, float] = {}
    for answer in operator.answers([order], _WITHIN_S):
        if answer is None:
            continue
        if answer.ack.status is not AckStatus.SUCCEEDED:
            raise BenchFailed(f"{answer.dev} answers {type_} with {answer.ack.status} {answer.ack.reason}")
        taken.setdefault(answer.dev, answer.after_s)
        if len(taken) == devices:
            return [*taken.values()]
    raise BenchFailed(f"{len(taken)} of {devices} doors answered {type_} within {_WITHIN_S:g} s")


def delta(site: BenchSite, progress: Progress, *, rounds: int = _ROUNDS, base: int = BASE) -> list[Figure]:
    """A hundred new people, each with a face: from the request to the hub until each door has told that it
    has them. base: how many are there."""
    taken: list[float] = []
    with site.console() as operator, listening(site.link(), SITE, ["gal/ack"]) as post:
        for turn in range(rounds):
            post.forget()
            (ops,) = batches(GALLERY, site.key(), base + turn * AT_ONCE, AT_ONCE)
            began = time.monotonic()
            version = asked(operator, "gallery.put", {"gallery": GALLERY, "ops": [*ops]})["version"]
            heard = post.first_of_each(partial(tells, version), site.devices, _WITHIN_S)
            if len(heard) < site.devices:
                raise BenchFailed(f"{len(heard)} of {site.devices} doors told of version {version}")
            taken += [at - began for at in heard.values()]
            progress(turn + 1, rounds)
            if turn + 1 < rounds:
                time.sleep(_REST_S)
    times = Times.of(taken)
    return [Figure(f"delta of {AT_ONCE} people", times.p99, 5.0, "s", times.as_json())]


def revoke(site: BenchSite, progress: Progress, *, rounds: int = _ROUNDS) -> list[Figure]:
    """From the request to the hub until the policy of each door refuses the person."""
    taken: list[float] = []
    with site.console() as operator:
        for turn in range(rounds):
            person = named(turn)
            for one in site.simulators:
                one.order(watch=person)
            time.sleep(_REST_S)
            began = time.monotonic_ns()
            asked(operator, "gallery.revoke", {"gallery": GALLERY, "person": person})
            for one, share in zip(site.simulators, shares(site), strict=True):
                for _ in range(share):
                    at = one.wait_for("denied", _WITHIN_S)["at_ns"]
                    taken.append((int(str(at)) - began) / 1e9)
            progress(turn + 1, rounds)
            if turn + 1 < rounds:
                time.sleep(_REST_S)
    if min(taken) < 0:
        raise BenchFailed("a door refused the person before anybody was revoked")
    times = Times.of(taken)
    return [Figure("revoke to deny", times.p99, 2.0, "s", times.as_json())]


def shares(site: BenchSite) -> Sequence[int]:
    """How many doors each simulator has."""
    return [int(str(one.latest["devices"])) for one in site.simulators]


def tells(version: object, told: dict[str, object]) -> bool:
    """Whether a door says that it has that version."""
    body = told.get("body")
    return told.get("type") == "gallery.ack" and isinstance(body, dict) and body.get("version") == version
