"""Brokers for tests: a real mosquitto with the security asked for, a site that listens, a proxy to cut."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.demo.broker import Broker, find_mosquitto
from edge.mqtt.link import Link, Tls, tls_context

WAIT_S = 15.0
LOOPBACK = "127.0.0.1"

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


def until(claim: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait for something that another thread or process does."""
    give_up_at = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < give_up_at, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.005)


class Authority:
    """Signs certificates for one test, all below `folder`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, host: str | None = None, days: int = 1) -> Tls:
        """A certificate for `name`, for a server on `host` (name or address) when that is given."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key, days)
        if host is not None:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host)]), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        files = Tls(self.ca_file, self._folder / f"{name}.crt", self._folder / f"{name}.key")
        assert files.certificate is not None
        assert files.key is not None
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
        )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def tls_lines(server: Tls, *, client_certificates: bool = True) -> list[str]:
    """mosquitto.conf for a TLS listener; the certificate's common name is the user name."""
    lines = [f"cafile {server.ca_file}", f"certfile {server.certificate}", f"keyfile {server.key}"]
    if client_certificates:
        return [*lines, "require_certificate true", "use_identity_as_username true", "allow_anonymous false"]
    return [*lines, "allow_anonymous true"]


def password_lines(folder: Path, passwords: dict[str, str]) -> list[str]:
    """mosquitto.conf for password authentication, hashed the way mosquitto_passwd does it."""
    path = folder / "passwords"
    path.write_text("".join(f"{user}:{_hashed(password)}\n" for user, password in passwords.items()))
    path.chmod(0o600)
    return ["allow_anonymous false", f"password_file {path}"]


def acl_lines(folder: Path) -> list[str]:
    """mosquitto.conf that fences every device into its own topics and what all may read; not `site`."""
    path = folder / "acl"
    path.write_text(
        "pattern readwrite ostiary/1/+/d/%u/#\n"
        "pattern read ostiary/1/+/gal/#\n"
        "pattern read homeassistant/status\n"
        "user site\n"
        "topic readwrite #\n"
    )
    path.chmod(0o600)
    return [f"acl_file {path}"]


def _hashed(password: str) -> str:
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@dataclass(frozen=True)
class Received:
    topic: str
    payload: bytes
    retain: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


@dataclass
class Site:
    """An independent MQTT client that sees everything below `ostiary/`; it reconnects by itself.

    also: one more filter.
    durable: the broker keeps what arrives while the site is away. qos: 0 for a broker that gets
    killed, since paho drops what it has not yet read when the broker is gone as it acknowledges.
    """

    link: Link
    durable: bool = False
    qos: int = 1
    also: str = "ostiary/#"
    received: list[Received] = field(default_factory=list)
    subscriptions: int = 0

    def __enter__(self) -> Self:
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.link.client_id,
            clean_session=not self.durable,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if self.link.tls is not None:
            self._client.tls_set_context(tls_context(self.link.tls))
        if self.link.username is not None:
            self._client.username_pw_set(self.link.username, self.link.password and self.link.password())
        self._client.reconnect_delay_set(0.05, 0.1)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("ostiary/#", self.qos), (self.also, self.qos)]
        )
        self._client.on_subscribe = self._count
        self._client.on_message = self._note
        self._client.connect(self.link.host, self.link.port)
        self._client.loop_start()
        until(lambda: self.subscriptions, "the site's subscription")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish and wait until the broker has it; with quality of service 0 until it was written."""
        info = self._client.publish(topic, payload, qos, retain)
        until(info.is_published, f"publishing to {topic}")

    def on(self, topic: str) -> list[Received]:
        return [received for received in self.received if received.topic == topic]

    def _count(self, *_: object) -> None:
        self.subscriptions += 1

    def _note(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.received.append(Received(message.topic, bytes(message.payload), message.retain))


def retained(link: Link, topic: str) -> Received | None:
    """What a newcomer is told first about a topic."""
    with Site(link) as site:
        # The broker sends what it retains in one go; a message of our own marks the end of it.
        site.send("ostiary/marker", b"")
        until(lambda: site.on("ostiary/marker"), "the marker")
        return next((seen for seen in site.on(topic) if seen.retain), None)


class Proxy:
    """Stands between a client and the broker and can be cut like a cable, made to swallow, or slow."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._is_open = threading.Event()
        self._is_open.set()
        self._swallows = False
        self._bytes_per_s: float | None = None
        self._is_closed = False
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._is_open.clear()
        self._hang_up()

    def mend(self) -> None:
        self._swallows = False
        self._is_open.set()

    def throttle(self, bytes_per_s: float | None) -> None:
        """Let so much through in each direction; None, as much as comes."""
        self._bytes_per_s = bytes_per_s

    def swallow(self) -> None:
        """Take what the client sends and pass nothing on."""
        self._swallows = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        self._listener.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for near, far in self._pairs:
            for end in (near, far):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._pairs.clear()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._is_open.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection((LOOPBACK, self._target))
            except OSError:
                near.close()
                continue
            self._pairs.append((near, far))
            for source, sink, is_upward in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._copy, args=(source, sink, is_upward), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, is_upward: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536 if self._bytes_per_s is None else 4096):
                if self._bytes_per_s is not None:
                    time.sleep(len(data) / self._bytes_per_s)
                if not (is_upward and self._swallows):
                    sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def running(*lines: str, persistence: bool = False) -> Iterator[Broker]:
    """A mosquitto with these lines of configuration; without any, everybody may do everything."""
    with ExitStack() as stack:
        yield stack.enter_context(Broker(kind="mosquitto", persistence=persistence, lines=lines or None))
