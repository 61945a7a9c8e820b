"""A file in pieces, over a link that loses, doubles, reorders and damages them, and cuts at any point."""

from __future__ import annotations

import hashlib
import os
import random

import pytest

from edge.core.jobs import CHUNK_BYTES, FileSpec
from edge.host.staged_file import StagedFile
from edge.service.transfer import AGAIN_S, ChunkTransfer

CONTENT = os.urandom(CHUNK_BYTES * 19 + 1234)
SPEC = FileSpec(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def piece(index):
    data = CONTENT[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
    return hashlib.sha256(data).digest() + data


def staged_in(folder):
    return StagedFile(folder / "file", sha256=SPEC.sha256, size=SPEC.bytes)


def test_a_file_comes_window_by_window(tmp_path):
    asked = []
    transfer = ChunkTransfer(SPEC, staged_in(tmp_path), lambda body: asked.append(body) or True)
    now = 0.0
    while not transfer.is_whole:
        transfer.tick(now)
        for index in range(asked[-1]["from"], asked[-1]["from"] + asked[-1]["count"]):
            transfer.handle(index, piece(index), now)
    assert [(one["from"], one["count"]) for one in asked] == [(0, 16), (16, 4)]
    assert staged_in(tmp_path).finish().read_bytes() == CONTENT


@pytest.mark.parametrize("seed", range(5))
def test_it_comes_whole_over_a_bad_link_and_through_restarts(tmp_path, seed):
    chance, now, asked = random.Random(seed), 0.0, []
    transfer = None
    for _ in range(500):
        if transfer is None or chance.random() < 0.1:
            transfer = ChunkTransfer(
                SPEC, staged_in(tmp_path), lambda body: asked.append(body) or chance.random() < 0.9
            )
        if transfer.is_whole:
            break
        asked.clear()
        now += AGAIN_S
        transfer.tick(now)
        for body in asked:
            sent = [*range(body["from"], body["from"] + body["count"])]
            if chance.random() < 0.3:
                chance.shuffle(sent)
            for index in sent:
                data = piece(index)
                if chance.random() < 0.05:
                    data = data[:-1] + bytes([data[-1] ^ 1])
                for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 1, 2])):
                    transfer.handle(index, data, now)
    assert transfer.is_whole
    assert staged_in(tmp_path).finish().read_bytes() == CONTENT


def test_it_asks_again_only_after_a_while(tmp_path):
    asked = []
    transfer = ChunkTransfer(SPEC, staged_in(tmp_path), lambda body: asked.append(body) or True)
    for now in (0.0, 1.0, AGAIN_S - 0.1, AGAIN_S):
        transfer.tick(now)
    assert len(asked) == 2
