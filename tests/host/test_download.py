"""A server with a certificate of its own authority, and everything it may do wrong."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.errors import DownloadBroken, JobFailed, StoreUnwritable
from edge.host.download import download
from edge.host.staged_file import StagedFile
from tests.broker import LOOPBACK, Authority

CONTENT = os.urandom(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """cut: bytes after which the connection ends. asked: the ranges."""

    port: int = 0
    content: bytes = CONTENT
    cut: int | None = None
    status: int = 0
    location: str = ""
    ignores_range: bool = False
    hides_length: bool = False
    stalls: threading.Event | None = None
    asked: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self.port}/model.tflite"

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        begin = int(wanted[1]) if wanted and not self.ignores_range else 0
        self.asked.append(begin)
        if self.status:
            handler.send_response(self.status)
            if self.location:
                handler.send_header("Location", self.location)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        rest = self.content[begin:]
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}")
        if not self.hides_length:
            handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        handler.wfile.write(rest[: self.cut])
        if self.stalls is not None:
            handler.wfile.flush()
            self.stalls.wait(10.0)


@contextmanager
def serving(authority: Authority):
    server = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.answer(self)

        def log_message(self, *_):
            pass

    files = authority.issue("files", host=LOOPBACK)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler) as listener:
        listener.daemon_threads = True
        listener.handle_error = lambda *_: None
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        server.port = listener.server_port
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    with serving(authority) as served:
        yield served


@pytest.fixture
def staged(tmp_path):
    return StagedFile(tmp_path / "jobs" / "file", sha256=SHA256, size=len(CONTENT))


@pytest.fixture
def fetch(server, staged, authority):
    return lambda **more: download(server.url, staged, ca_file=authority.ca_file, silence_s=0.5, **more)


def test_a_file_is_fetched_and_checked(fetch, staged):
    fetch()
    assert staged.finish().read_bytes() == CONTENT
    assert staged.is_whole


def test_fetching_goes_on_where_it_was_cut(fetch, server, staged):
    server.cut = 100_000
    for _ in range(2):
        with pytest.raises(DownloadBroken):
            fetch()
    server.cut = None
    fetch()
    assert server.asked == [0, 100_000, 200_000]
    assert staged.finish().read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_again(fetch, server, staged):
    server.cut = 100_000
    with pytest.raises(DownloadBroken):
        fetch()
    server.cut, server.ignores_range = None, True
    fetch()
    assert staged.finish().read_bytes() == CONTENT


def test_another_file_is_thrown_away(fetch, server, staged):
    server.content = bytes(len(CONTENT))
    fetch()
    with pytest.raises(JobFailed) as failed:
        staged.finish()
    assert failed.value.reason == "digest"
    assert staged.have == 0


@pytest.mark.parametrize("hides_length", [False, True])
def test_more_than_the_job_says_is_not_taken(fetch, server, staged, hides_length):
    server.content, server.hides_length = CONTENT * 2, hides_length
    with pytest.raises(JobFailed) as failed:
        fetch()
    assert failed.value.reason == "size"
    assert staged.have <= len(CONTENT)


def test_a_silent_server_is_given_up(fetch, server):
    server.cut, server.stalls = 1000, threading.Event()
    try:
        with pytest.raises(DownloadBroken):
            fetch()
    finally:
        server.stalls.set()


def test_a_server_of_another_authority_is_refused(server, staged, tmp_path):
    other = Authority(tmp_path, "other")
    with pytest.raises(JobFailed, match="prove"):
        download(server.url, staged, ca_file=other.ca_file)


@pytest.mark.parametrize(("status", "error"), [(404, JobFailed), (403, JobFailed), (503, DownloadBroken)])
def test_what_a_server_refuses_may_pass_or_not(fetch, server, status, error):
    server.status = status
    with pytest.raises(error, match=str(status)):
        fetch()


def test_nothing_is_fetched_without_tls(fetch, server, staged):
    server.status, server.location = 302, f"http://{LOOPBACK}:{server.port}/model.tflite"
    with pytest.raises(JobFailed, match="without TLS"):
        fetch()
    with pytest.raises(JobFailed, match="https"):
        download("http://127.0.0.1/file", staged)


def test_nobody_there_may_pass(staged, authority):
    with pytest.raises(DownloadBroken):
        download(f"https://{LOOPBACK}:9/file", staged, ca_file=authority.ca_file)


def test_a_place_that_cannot_be_written_is_told(fetch, staged: StagedFile):
    staged.path.parent.write_bytes(b"")
    with pytest.raises(StoreUnwritable):
        fetch()


def test_who_asks_can_end_it(fetch, staged):
    def stop():
        raise JobFailed("cancelled", "cancelled")

    with pytest.raises(JobFailed):
        fetch(progress=stop)
    assert 0 < staged.have < staged.size


def test_a_list_of_authorities_that_is_none_is_told(server, staged, tmp_path: Path):
    with pytest.raises(JobFailed, match="ca_file"):
        download(server.url, staged, ca_file=tmp_path / "absent.pem")
