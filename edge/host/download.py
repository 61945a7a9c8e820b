"""Fetch a file over HTTPS: from a server that proves who it is, from where it ended, and never too much."""

from __future__ import annotations

import http.client
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.errors import DownloadBroken, JobFailed
from edge.host.staged_file import StagedFile

SILENCE_S = 20.0
"""A server that says nothing for so long is given up."""
_BLOCK = 1 << 16
_SYNC_EVERY = 1 << 22
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def download(
    url: str,
    staged: StagedFile,
    *,
    ca_file: Path | None = None,
    silence_s: float = SILENCE_S,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Fetch what is missing of a file. progress: called after each piece; what it raises ends the fetching.

    ca_file: whom to trust; the system's authorities without it. Raises DownloadBroken when the server or the
    way to it fails, which may pass; JobFailed for a server that has another file; StoreError.
    """
    if not url.startswith("https://"):
        raise JobFailed(f"{url} is not fetched: only https is", "download")
    if staged.have == staged.size:
        return
    with _opened(url, staged.have, ca_file, silence_s) as (response, begin):
        length = response.headers.get("Content-Length")
        if length is not None and begin + int(length) != staged.size:
            text = f"{url} has {begin + int(length)} bytes, and the job says {staged.size}"
            raise JobFailed(text, "size")
        unsynced = 0
        for block in _blocks(response):
            if begin + len(block) > staged.size:
                raise JobFailed(f"{url} has more than the {staged.size} bytes of the job", "size")
            staged.append(block, begin)
            begin, unsynced = begin + len(block), unsynced + len(block)
            if unsynced >= _SYNC_EVERY:
                staged.sync()
                unsynced = 0
            progress()
    if begin < staged.size:
        raise DownloadBroken(f"{url} ended after {begin} of {staged.size} bytes; it is asked again")


@contextmanager
def _opened(
    url: str, have: int, ca_file: Path | None, silence_s: float
) -> Iterator[tuple[http.client.HTTPResponse, int]]:
    """The answer, and from which byte on it is."""
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise JobFailed(f"{ca_file} holds no authorities ({error}); see ota.ca_file", "download") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _HttpsOnly())
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})  # noqa: S310 - https
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response: Any = opener.open(request, timeout=silence_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code < 500 and error.code not in (408, 425, 429):
            raise JobFailed(f"{url} cannot be had: {error.code} {error.reason}", "download") from error
        raise DownloadBroken(f"{url} cannot be had now: {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            text = f"the server of {url} does not prove who it is; see ota.ca_file"
            raise JobFailed(text, "download") from error
        raise DownloadBroken(f"{url} cannot be reached ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadBroken(f"{url} cannot be reached ({error})") from error
    with response:
        yield response, _begin(response, have)


def _begin(response: http.client.HTTPResponse, have: int) -> int:
    """A server that does not know ranges sends all from the beginning."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0
    told = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if told is None or int(told[1]) != have:
        raise JobFailed("the server sent another piece than the one asked for", "download")
    return have


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            block = response.read1(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadBroken(f"the connection broke ({error})") from error
        if not block:
            return
        yield block


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise JobFailed(f"{req.full_url} leads to a place without TLS", "download")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
