"""A small daemon that is killed again and again. Run as `python -m tests.store.crash FOLDER ROUNDS SEED`.

Every round forks a process that opens the store in FOLDER and does what the daemon does to it, in three
threads with a connection each: decisions and commands with relay edges, publishing, enrolment. SIGKILL
comes after a random time, from before the store is open on. What the world has seen of it, relay edges,
published events and finished enrolments, is appended to files that outlive the kill.
"""

import os
import random
import signal
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edge.core.decision import DecisionId, Receipt
from edge.core.face import PersonId
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from tests.store.builders import NOON, decision, event, record

LONGEST_LIFE_S = 0.15
RESENT = 5


class World:
    """What cannot be taken back. A line is written whole or not at all."""

    def __init__(self, folder):
        self._folder = folder

    def saw(self, what, *values):
        line = " ".join(map(str, values)) + "\n"
        handle = os.open(self._folder / what, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, line.encode())
        os.close(handle)


def control(path, world, life):
    """The controller: commands arrive, each several times as after a lost connection, and faces."""
    with open_database(path, durable=True) as database:
        journal = Journal(database, boot=f"boot-{life}", monotonic=time.monotonic)
        decided = [known.command for known in journal.decisions(1_000_000) if known.command is not None]
        seen = max((int(command[1:]) for command in decided), default=0)
        for number in range(10_000):
            move(world, journal.commit(face_decision(life, number), [event(number), event(number)]))
            for command in {max(0, seen + number - back) for back in range(RESENT)}:
                obey(journal, world, f"c{command}", life)


def obey(journal, world, command, life):
    """What architecture.md asks of a command that moves the relay; every other one claims its id first."""
    if journal.command_ack(command) is not None:
        return
    if int(command[1:]) % 2 and journal.begin_command(command, NOON) is not None:
        return
    decided = replace(decision(0, command=command), id=DecisionId(f"{life}-{command}"))
    move(world, journal.commit(decided, [event(1)], ack='{"status":"in_progress"}'), command)
    journal.finish_command(command, '{"status":"succeeded"}')


def face_decision(life, number):
    return replace(decision(0), id=DecisionId(f"{life}-face-{number}"))


def move(world, receipt: Receipt, command="face"):
    world.saw("edges", receipt.decision, command)


def publish(path, world):
    with open_database(path, durable=False, check=False) as database:
        outbox = Outbox(database, keep_sent=20)
        while True:
            waiting = outbox.pending(7)
            for stored in waiting:
                world.saw("published", stored.seq, stored.id)
            outbox.mark_sent(stored.seq for stored in waiting)
            time.sleep(0.001)


def enroll(path, world, life):
    with open_database(path, durable=True, check=False) as database:
        gallery = Gallery(database)
        for number in range(10_000):
            identifier = f"{life}-{number}"
            gallery.put([record(identifier, number, ("staff",))])
            world.saw("enrolled", identifier)
            if number % 3 == 0:
                world.saw("removing", identifier)
                gallery.remove_person(PersonId(identifier))


def live(folder, life):
    """One life of the daemon; it ends only by SIGKILL, or with status 1 when a thread fails."""
    path, world = folder / "ostiary.db", World(folder)

    def guarded(work, *arguments):
        try:
            work(path, world, *arguments)
        except BaseException as error:  # noqa: BLE001 - the parent must learn of it
            world.saw("failures", life, work.__name__, repr(error))
            os._exit(1)

    open_database(path, durable=True).close()
    for work, arguments in ((publish, ()), (enroll, (life,))):
        threading.Thread(target=guarded, args=(work, *arguments), daemon=True).start()
    guarded(control, life)


def main(folder, rounds, seed):
    chance = random.Random(seed)
    started = datetime.now(UTC)
    for life in range(rounds):
        child = os.fork()
        if child == 0:
            try:
                live(folder, life)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            World(folder).saw("failures", life, "ended by itself")
    print(f"{rounds} rounds in {(datetime.now(UTC) - started).total_seconds():.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
