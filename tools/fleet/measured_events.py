"""Events of all doors while the broker is restarted twice, against what is in the hub's database."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy import select

from edge.hub.tables import events as events_table
from tools.fleet.bench_site import PREFIX, BenchSite
from tools.fleet.measures import Figure, Progress
from tools.fleet.processes import BenchFailed

EACH_SECOND = 500
"""Visits. Each is two events: that nobody was let in, and that a stranger came."""
SECONDS = 120
_RESTARTS = ((40.0, signal.SIGTERM), (80.0, signal.SIGKILL))
_DOWN_S = 2.0
_ALL_SENT_S = 120.0


def events(site: BenchSite, progress: Progress, seconds: float = SECONDS) -> list[Figure]:
    """The broker is stopped in good order once, and killed once."""
    before = len(_sent(site))
    began = time.monotonic()
    cpu = {name: part() for name, part in _parts(site).items()}
    for one in site.simulators:
        one.order(visits=EACH_SECOND / len(site.simulators))
    for at, how in _RESTARTS:
        _wait_until(began + at * seconds / SECONDS, began, seconds, progress)
        site.broker.end(how)
        time.sleep(_DOWN_S)
        site.broker.start()
    _wait_until(began + seconds, began, seconds, progress)
    for one in site.simulators:
        one.order(visits=0)
    ended = time.monotonic()
    used = {name: round((part() - cpu[name]) / (ended - began), 2) for name, part in _parts(site).items()}
    _await_sent(site)
    caught_up_s = time.monotonic() - ended
    sent = _sent(site)
    kept = _kept(site)
    lost, foreign = sent - kept.keys(), kept.keys() - sent
    doubled = sum(count - 1 for count in kept.values())
    details: dict[str, object] = {
        "sent": len(sent),
        "seconds": seconds,
        "each_second": round((len(sent) - before) / (ended - began)),
        "kept": sum(kept.values()),
        "lost": len(lost),
        "doubled": doubled,
        "unknown": len(foreign),
        "caught_up_s": round(caught_up_s, 1),
        "cores": used,
    }
    return [Figure("events lost or doubled", len(lost) + doubled + len(foreign), 0, "events", details)]


def _parts(site: BenchSite) -> dict[str, Callable[[], float]]:
    # The broker's are those of the process that runs now.
    parts = {"hub": site.hub.cpu_s}
    for place, one in enumerate(site.simulators):
        parts[f"doors {place + 1}"] = one.process.cpu_s
    return parts


def _wait_until(at: float, began: float, seconds: float, progress: Progress) -> None:
    while (now := time.monotonic()) < at:
        progress(int(now - began), int(seconds))
        time.sleep(min(0.5, at - now))


def _await_sent(site: BenchSite) -> None:
    give_up_at = time.monotonic() + _ALL_SENT_S
    while True:
        waiting = 0
        for one in site.simulators:
            one.order(waiting=True)
            waiting += int(str(one.wait_for("waiting", 30.0)["waiting"]))
        if not waiting:
            return
        if time.monotonic() > give_up_at:
            raise BenchFailed(f"{waiting} events are not with the hub {_ALL_SENT_S:g} s after the last one")
        time.sleep(0.5)


def _sent(site: BenchSite) -> set[str]:
    ids: set[str] = set()
    for place, one in enumerate(site.simulators):
        file = site.folder / f"events-{place}"
        one.order(events=str(file))
        one.wait_for("events", 60.0)
        ids |= {line.split()[0] for line in file.read_text().splitlines()}
    return ids


def _kept(site: BenchSite) -> Counter[str]:
    """How often the hub has each event of the doors."""
    with site.database() as database, database.transaction() as connection:
        wanted = select(events_table.c.id).where(events_table.c.dev.like(f"{PREFIX}%"))
        return Counter(connection.execute(wanted).scalars())
