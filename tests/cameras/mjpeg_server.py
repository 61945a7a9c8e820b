"""A network camera on loopback: MJPEG over HTTP that can stall, drop its viewers and go away."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import cv2
import numpy as np


def picture(value: int, size_wh: tuple[int, int] = (64, 48)) -> np.ndarray:
    image = np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
    image[: size_wh[1] // 2] = 255 - value
    return image


class MjpegServer:
    """Serves one picture again and again to whoever connects, while it is up."""

    def __init__(self, image: np.ndarray, fps: float = 30.0) -> None:
        jpeg = cv2.imencode(".jpg", image)[1].tobytes()
        self._part = (
            b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
        )
        self._period_s = 1.0 / fps
        self._listener: socket.socket | None = None
        self._viewers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._flowing = threading.Event()
        self._flowing.set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/stream.mjpg"

    def plug(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)

    def unplug(self) -> None:
        """Cut every connection and stop listening."""
        self._stopping.set()
        self._flowing.set()
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for viewer in self._viewers:
            with contextlib.suppress(OSError):
                viewer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._viewers.clear()
        self._threads.clear()

    def stall(self) -> None:
        """Keep every connection, and send nothing on it."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def _spawn(self, target, *args) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                viewer, _ = listener.accept()
            except OSError:
                return
            self._viewers.append(viewer)
            self._spawn(self._serve, viewer)

    def _serve(self, viewer: socket.socket) -> None:
        with viewer, contextlib.suppress(OSError):
            viewer.recv(4096)
            viewer.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
                b"Connection: close\r\n\r\n"
            )
            while not self._stopping.wait(self._period_s):
                self._flowing.wait()
                viewer.sendall(self._part)


@contextlib.contextmanager
def mjpeg_server(image: np.ndarray, fps: float = 30.0) -> Iterator[MjpegServer]:
    server = MjpegServer(image, fps)
    server.plug()
    try:
        yield server
    finally:
        server.unplug()
