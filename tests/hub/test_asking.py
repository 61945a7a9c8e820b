"""What a console asks of the hub, in pages, and what it brings there."""

from __future__ import annotations

import base64
import hashlib

import pytest

from edge.core.ack import Ack, AckStatus
from edge.core.jobs import CHUNK_BYTES
from edge.errors import RequestRefused, SettingsError
from edge.hub.asking import asked, listed
from edge.hub.files import JobFiles
from edge.hub.uploading import upload
from tests.hub.quiet_console import QuietConsole


def answering(handle):
    return QuietConsole(asked=lambda type_, body: Ack(AckStatus.SUCCEEDED, detail=handle(body)))


def test_a_refusal_is_told_with_what_would_help():
    ack = Ack(AckStatus.REJECTED, "auth", {"text": "no role"})
    with pytest.raises(RequestRefused, match=r"refuses rollout.start: no role; .* role ota;"):
        asked(QuietConsole(asked=lambda *_: ack), "rollout.start", {})
    with pytest.raises(RequestRefused, match=r"refuses device.list: failed$"):
        asked(QuietConsole(asked=lambda *_: Ack(AckStatus.FAILED)), "device.list", {})


def test_all_pages_are_asked_for_one_after_the_other():
    def page(body):
        first = body.get("after", 0)
        rows = [{"n": number} for number in range(first, min(first + 3, 7))]
        return {"rows": rows, "after": first + 3 if rows else None}

    console = answering(page)
    assert [row["n"] for row in listed(console, "device.list", {"limit": 3}, "rows")] == [*range(7)]
    assert [body.get("after") for _, body in console.requests] == [None, 3, 6, 9]
    assert all(body["limit"] == 3 for _, body in console.requests)


@pytest.mark.parametrize("page", [{}, {"rows": None, "after": 5}, {"rows": "abc"}, {"rows": [1, "x"]}])
def test_what_is_no_page_has_no_rows(page):
    assert list(listed(answering(lambda body: page), "device.list", {}, "rows")) == []


def test_a_file_is_brought_whole_and_what_is_there_is_not_brought_again(tmp_path):
    data = bytes(range(256)) * 700
    file = tmp_path / "file"
    file.write_bytes(data)
    files = JobFiles(tmp_path / "hub")

    def put(body):
        piece = base64.b64decode(body["data"])
        return {"next": files.put(body["sha256"], body["bytes"], body["chunk"], piece)}

    # The first two pieces came with an earlier attempt.
    digest = hashlib.sha256(data).hexdigest()
    for chunk in (0, 1):
        files.put(digest, len(data), chunk, data[chunk * CHUNK_BYTES : (chunk + 1) * CHUNK_BYTES])
    console, told = answering(put), []
    named = upload(console, file, lambda done, of: told.append((done, of)))
    assert named == {"sha256": digest, "bytes": len(data)}
    assert [body["chunk"] for _, body in console.requests] == [0, 2, 3]
    assert told[-1] == (len(data), len(data))
    assert (tmp_path / "hub" / digest).read_bytes() == data
    again = answering(put)
    upload(again, file, lambda *_: None)
    assert len(again.requests) == 1


def test_what_cannot_be_brought_is_said_before_anything_is_asked(tmp_path):
    (tmp_path / "empty").touch()
    for name in ("empty", "absent", "."):
        with pytest.raises(SettingsError):
            upload(QuietConsole(), tmp_path / name, lambda *_: None)
