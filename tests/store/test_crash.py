"""SIGKILL at random moments: what the world saw and what the store says agree."""

import subprocess
import sys
from collections import Counter

import pytest

from edge.core.face import PersonId
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from tests.store.processes import ROOT


def lines(folder, name):
    file = folder / name
    return [tuple(line.split(" ")) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.nightly)])
def test_a_kill_at_any_moment_costs_nothing(tmp_path, rounds):
    finished = subprocess.run(
        [sys.executable, "-m", "tests.store.crash", str(tmp_path), str(rounds), str(rounds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert lines(tmp_path, "failures") == []
    edges = lines(tmp_path, "edges")
    assert len(edges) > rounds
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        database.verify()
        check_edges(edges, Journal(database, boot="last", monotonic=lambda: 0.0))
        check_events(lines(tmp_path, "published"), database, Outbox(database))
        check_people(lines(tmp_path, "enrolled"), lines(tmp_path, "removing"), Gallery(database))


def check_edges(edges, journal):
    """No relay edge without its committed decision, none for a command acted on before."""
    decisions = {known.id: known for known in journal.decisions(1_000_000)}
    assert {decision for decision, _ in edges} <= set(decisions)
    assert max(Counter(decision for decision, _ in edges).values()) == 1
    assert max(Counter(command for _, command in edges if command != "face").values()) == 1
    commands = [known.command for known in decisions.values() if known.command is not None]
    assert len(commands) == len(set(commands))
    assert all(journal.command_ack(command) is not None for command in commands)


def check_events(published, database, outbox):
    """Every event of every decision is published or waiting, under one number and one id."""
    seen = {(int(seq), identifier) for seq, identifier in published}
    waiting = {(stored.seq, stored.id) for stored in outbox.pending(1_000_000)}
    known = seen | waiting
    numbers = [seq for seq, _ in known]
    assert sorted(numbers) == list(range(1, len(known) + 1))
    assert len({identifier for _, identifier in known}) == len(known)
    ((faces, commands),) = database.rows(
        "SELECT sum(command IS NULL), sum(command IS NOT NULL) FROM decisions"
    )
    assert len(known) == 2 * faces + commands


def check_people(enrolled, removing, gallery):
    """Who was enrolled is there with a face, who was being removed is there whole or not at all."""
    kept = {identifier for (identifier,) in enrolled} - {identifier for (identifier,) in removing}
    people = {known.id for known in gallery.people(0, 1_000_000)}
    assert kept <= people
    for identifier in people:
        assert len(gallery.faces(PersonId(identifier))) == 1
    assert gallery.count() == sum(gallery.models().values())
