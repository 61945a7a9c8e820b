"""A node of the cluster dies in the middle of everything: nobody is told, and nothing is lost."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.broker import until
from tests.brokers.members import client, collected, door, hub, ids, operator, states
from tests.brokers.site import SITE, needs_nats, running

TOPICS = SITE.device("door-1")
EVENTS = 300
COMMANDS = 40
RESENT_S = 90
"""What a dead node had sent and nobody acknowledged comes again after `ack_wait`, 10 s, at times twice."""


@needs_nats
def test_a_killed_node_loses_no_event_and_no_command(tmp_path: Path) -> None:
    with running("nats", tmp_path) as site:
        with client(site.link("hub", first=1)) as keeper:
            keeper.send(SITE.head("main"), b"head", retain=True)
        # Door and hub are on the node that dies, the operator and a watcher are not.
        with (
            hub(site) as collector,
            door(site) as sender,
            operator(site, first=1) as anna,
            operator(site, "ben", [TOPICS.state], first=2) as watcher,
        ):
            sender.tell(EVENTS // 3)
            until(lambda: len(collected(collector)) > 20, "the first events")
            sender.tell(EVENTS // 3)
            site.nodes[0].end(signal.SIGKILL)
            for number in range(COMMANDS):
                anna.send(TOPICS.cmd, f"command-{number}".encode())
            sender.tell(EVENTS // 3)
            until(lambda: sender.client.is_up and collector.is_up, "sessions with other nodes", 30)
            until(lambda: not sender.outbox.waiting, "an empty outbox", 30)
            until(lambda: collected(collector).keys() >= ids(EVENTS), "every event", RESENT_S)
            assert collected(collector).keys() == ids(EVENTS)
            expected = {f"command-{number}".encode() for number in range(COMMANDS)}
            until(lambda: set(sender.client.on(TOPICS.cmd)) >= expected, "every command", RESENT_S)
            with client(site.link("door-3", first=2), [SITE.head("main")]) as newcomer:
                until(lambda: newcomer.on(SITE.head("main")) == [b"head"], "the retained head")
            # Whatever the dead node could still say of its clients: the newest birth is what counts.
            until(lambda: states(watcher, "door-1")[-1:] == ["init"], "the newest state", RESENT_S)
        # The node comes back and catches up.
        site.nodes[0].start()
        site.await_ready()
        with door(site) as sender, hub(site, first=1) as collector:
            sender.told = EVENTS
            sender.tell(20)
            until(
                lambda: collected(collector).keys() >= ids(EVENTS + 20) - ids(EVENTS),
                "events by the node",
                RESENT_S,
            )
