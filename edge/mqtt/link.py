"""How to reach a broker, and what to do when it cannot be reached."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import BrokerUnavailable

_WRONG_HOST = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OUTDATED = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_CURES = {
    132: "set the protocol to 3.1.1",
    133: "give the device another client id",
    134: "correct user name and password",
    135: "allow this device at the broker, or correct its user name, password or certificate",
    138: "the broker has banned this device; lift the ban",
    139: "the broker is shutting down; start it again",
    142: "another client uses the same client id; give each device its own",
}


@dataclass(frozen=True, slots=True)
class Tls:
    """ca_file: who may sign the broker's certificate; None trusts the system's authorities.
    certificate, key: PEM files of this device, both or neither."""

    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One broker and who we are to it.

    fallbacks: other nodes of a clustered broker (host, port), tried in turn when the one in use is gone.
    protocol: "5" where the broker has it. A 3.1.1 broker takes the retain flag off a message that it
    passes on at once, so a command published as retained is refused only when it is found later.
    client_id: names the session the broker keeps for us; one per device. password: called at each
    connection, so that a changed secret is picked up and none is kept here. session_expiry_s: how
    long the broker keeps messages for us (a 3.1.1 broker has its own rule); 0, not at all. backoff_s: first
    and longest wait between attempts. window: most unacknowledged messages at a time.
    """

    host: str
    client_id: str
    port: int = 8883
    protocol: Literal["5", "3.1.1"] = "5"
    tls: Tls | None = None
    username: str | None = None
    password: Callable[[], str] | None = field(default=None, repr=False)
    keepalive_s: int = 30
    connect_timeout_s: float = 5.0
    session_expiry_s: int = 86_400
    backoff_s: tuple[float, float] = (0.5, 30.0)
    window: int = 20
    fallbacks: tuple[tuple[str, int], ...] = ()

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def nodes(self) -> tuple[Link, ...]:
        """The same link to each node in turn, beginning with the host itself."""
        others = (replace(self, host=host, port=port) for host, port in self.fallbacks)
        return (self, *others)

    @property
    def is_v5(self) -> bool:
        return self.protocol == "5"


def make_client(link: Link, *, clean: bool = False, hold_acks: bool = False) -> Client:
    """Make a paho client, not yet connected. clean: keep no session (3.1.1; MQTT 5 says it in CONNECT).
    hold_acks: messages are acknowledged by `Client.ack` alone.

    Raises BrokerUnavailable when a certificate or the authority's file cannot be used.
    """
    protocol = MQTTProtocolVersion.MQTTv5 if link.is_v5 else MQTTProtocolVersion.MQTTv311
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=link.client_id,
        clean_session=None if link.is_v5 else clean or not link.session_expiry_s,
        protocol=protocol,
        reconnect_on_failure=False,
        manual_ack=hold_acks,
    )
    client.connect_timeout = link.connect_timeout_s
    client.max_inflight_messages_set(link.window)
    client.max_queued_messages_set(link.window)
    if link.tls is not None:
        client.tls_set_context(tls_context(link.tls))
    if link.username is not None:
        client.username_pw_set(link.username, link.password() if link.password else None)
    return client


def tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or later, the broker's certificate and host name checked. Raises BrokerUnavailable."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BrokerUnavailable(
            f"cannot use {tls.ca_file} as the broker's authority ({_short(error)}); give a readable PEM file"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ssl.SSLError) as error:
            raise BrokerUnavailable(
                f"cannot use the device certificate {tls.certificate} with key {tls.key} ({_short(error)});"
                " give two readable PEM files that belong together"
            ) from error
    return context


def explain(link: Link, error: OSError) -> str:
    """Say in one line why connecting failed and what to do."""
    where = link.where
    ca_file = link.tls.ca_file if link.tls else None
    match error:
        case ssl.SSLCertVerificationError() if error.verify_code in _WRONG_HOST:
            return f"the broker at {where} shows a certificate for another host; use the name it was made for"
        case ssl.SSLCertVerificationError() if error.verify_code in _OUTDATED:
            return f"the certificate of the broker at {where} is not valid now; renew it or correct the clock"
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate of the broker at {where} is not signed by {ca_file or 'a known authority'}"
                f" ({error.verify_message}); give the right CA file"
            )
        case ssl.SSLError():
            return (
                f"no TLS with the broker at {where} ({_short(error)});"
                " check that the port speaks TLS and that it accepts the device certificate"
            )
        case socket.gaierror():
            return (
                f"the broker's name {link.host} is not known ({_short(error)}); correct the host or the DNS"
            )
        case ConnectionRefusedError():
            return f"nothing listens at {where}; start the broker or correct the port"
        case TimeoutError():
            return f"the broker at {where} does not answer; check the network and the firewall"
        case _:
            return f"no connection to the broker at {where} ({_short(error)}); check network, port and TLS"


def explain_reason(link: Link, reason: ReasonCode) -> str:
    """Say in one line why the broker turned us away, or out, and what to do."""
    who = f"{link.client_id!r}" + (f" as {link.username!r}" if link.username else "")
    cure = _CURES.get(reason.value, "see the broker's log")
    return f"the broker at {link.where} refused {who} ({reason}); {cure}"


def explain_loss(link: Link) -> str:
    """Say what to look at when a session ends without a reason given."""
    return (
        f"the connection to {link.where} was lost; if that repeats, check the network, and that no other"
        f" client calls itself {link.client_id!r}"
    )


def explain_silence(link: Link) -> str:
    """Say what is likely when the broker hangs up without a word."""
    if link.tls is None:
        cure = "check that the port speaks MQTT without TLS, and the protocol version"
    else:
        cure = "check that it accepts the device certificate, and the protocol version"
    return f"the broker at {link.where} hung up without an answer; {cure}"


def _short(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:100] or type(error).__name__
