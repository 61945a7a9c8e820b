"""Reads the edge log of a simulated door."""

import json

from edge.door.simulated import Edge


def read_edges(log):
    """Every edge in the file with the process that made it, oldest first; none when there is no file."""
    if not log.exists():
        return []
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [(Edge(**{k: v for k, v in line.items() if k != "pid"}), line["pid"]) for line in lines]
