import gzip
import hashlib
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.gallery_rows import FaceRow, PersonRow, digest, line, order
from edge.core.gallery_snapshot import (
    CHUNK_BYTES,
    Reading,
    chunk,
    chunk_count,
    opened_chunk,
    packed,
    read_line,
    rows_tree,
    transfer,
    unpacked,
)
from edge.errors import MessageMalformed
from tests.core.gallery_strategies import FACES, PEOPLE
from tests.core.test_gallery_rows import ADA, FACE, NOON

BOB = PersonRow("bob", b"2")
ROWS = st.lists(PEOPLE | FACES, max_size=8, unique_by=lambda row: row.key)


def ordered(rows):
    return sorted(rows, key=lambda row: order(row.key))


def the_file(*rows):
    return b"".join(packed(line(row) for row in ordered(rows)))


def read_all(rows):
    reading = Reading()
    for row in rows:
        reading.take(row.key, digest(row))
    return reading


def pieces(data, size):
    return (data[at : at + size] for at in range(0, len(data), size))


@given(ROWS, st.integers(1, 200))
def test_a_file_is_read_as_it_was_written(rows, size):
    read = [read_line(one) for one in unpacked(pieces(the_file(*rows), size))]
    assert read == ordered(rows)


def test_the_same_rows_make_the_same_file_which_is_gzip():
    data = the_file(ADA, FACE)
    assert data == the_file(FACE, ADA)
    assert data[4:8] == bytes(4)
    assert gzip.decompress(data) == line(ADA) + b"\n" + line(FACE) + b"\n"


@pytest.mark.parametrize(
    "data",
    [b"", b"nothing", the_file(ADA)[:-1], the_file(ADA) + b"x", the_file(ADA) + the_file(ADA),
     gzip.compress(b"no end", mtime=0), gzip.compress(b"x" * 1_000_000, mtime=0)],
)  # fmt: skip
def test_another_file_is_refused(data):
    with pytest.raises(MessageMalformed):
        list(unpacked([data]))


def test_a_bomb_is_met_in_small_pieces():
    bomb = zlib.compress(bytes(50_000_000), wbits=31)
    with pytest.raises(MessageMalformed, match="a line"):
        list(unpacked([bomb]))


@given(ROWS)
def test_reading_counts_and_hashes(rows):
    owners = {row.person for row in rows}
    everybody = {row.key: row for row in [*(PersonRow(one, b"1") for one in owners), *rows]}.values()
    reading = read_all(ordered(everybody))
    assert reading.tree() == rows_tree((*row.key, digest(row)) for row in everybody)
    assert reading.people == len(owners)


@pytest.mark.parametrize(
    "rows",
    [rows for rows in itertools.permutations((ADA, FACE, BOB)) if [*rows] != ordered(rows)]
    + [(ADA, ADA), (FACE,), (BOB, FaceRow("ada", "f", "m", b"1", 1, NOON))],
)  # fmt: skip
def test_rows_out_of_order_are_refused(rows):
    with pytest.raises(MessageMalformed):
        read_all(rows)


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"null", b"\xff"])
def test_a_line_that_is_no_row_is_refused(text):
    with pytest.raises(MessageMalformed):
        read_line(text)


def test_a_chunk_says_itself_what_it_is():
    data = b"x" * CHUNK_BYTES
    payload = chunk(data)
    assert payload[:32] == hashlib.sha256(data).digest()
    assert opened_chunk(payload) == data
    for wrong in (payload[:-1], payload + b"x", b"y" + payload[1:], b"", chunk(b""), chunk(data + b"x")):
        with pytest.raises(MessageMalformed):
            opened_chunk(wrong)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (98_304, 1), (98_305, 2), (25_000_000, 255)])
def test_chunks_are_counted(size, count):
    assert chunk_count(size) == count


def test_a_transfer_is_named_by_its_file():
    assert transfer("0123456789abcdef" * 4) == "0123456789abcdef"
