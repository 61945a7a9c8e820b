"""The files of a mosquitto (2.0 or later) that serves a site: configuration, access rules, passwords."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

from edge.hub.access import Access, Member, access, chosen_for_device, every_device, left_behind
from edge.keys.bundle import Kind
from edge.mqtt.topics import SiteTopics

FOLDER = PurePath("/etc/mosquitto/ostiary")
DATA = PurePath("/var/lib/mosquitto")
_HASH_ROUNDS = 101

_CONFIGURATION = """\
# The broker of the site {site}. In place of /etc/mosquitto/mosquitto.conf; see systemd/FLEET.md of Ostiary.

listener {port}
allow_anonymous false
acl_file {folder}/acl

# TLS 1.2 or later. Whoever has a certificate of the site's own authority is known by its common name.
certfile {folder}/server.crt
keyfile {folder}/server.key
tls_version tlsv1.2
{authentication}
# What waits for members that are away survives a restart. It is written every 30 seconds, so that a power
# cut takes no more than that; events are safe even then: a device keeps them until the hub has stored them.
persistence true
persistence_location {data}/
autosave_interval 30

# A session that never comes back (MQTT 3.1.1 names no end of its own) is forgotten.
persistent_client_expiration 14d

# How much may wait for one member. It matters for the hub: 100,000 are more than three minutes of 500
# events/s; beyond that devices send what the hub has not acknowledged once more.
max_queued_messages 100000
max_queued_bytes 268435456
# How many messages may be under way to a member unacknowledged: the hub stores them in batches.
max_inflight_messages 200
# The largest are deltas of a gallery, 128 KiB. What is larger is an error or an attack.
max_packet_size 200000

# Commands are small and urgent.
set_tcp_nodelay true
# A device that has gone silent is missed after 1.5 times this at the latest.
max_keepalive 600
queue_qos0_messages false
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages true
"""
_CERTIFICATES = """\
cafile {folder}/ca.crt
crlfile {folder}/crl.pem
require_certificate true
use_identity_as_username true
"""
_PASSWORDS = """\
# No client certificates: members are known by name and password.
password_file {folder}/passwords
"""


def configuration(
    site: str, *, port: int, passwords: bool = False, folder: PurePath = FOLDER, data: PurePath = DATA
) -> str:
    """mosquitto.conf. passwords: instead of client certificates. folder: of the other files. data: of what
    the broker keeps."""
    authentication = (_PASSWORDS if passwords else _CERTIFICATES).format(folder=folder)
    return _CONFIGURATION.format(
        site=site, port=port, folder=folder, data=data, authentication=authentication
    )


def access_rules(site: SiteTopics, members: Iterable[Member]) -> str:
    """The acl_file: patterns that fence every device into its own topics, then what is one member's alone."""
    lines = [
        f"# Who may say (write) and hear (read) what at the site {site.site}. What is not listed is denied.",
        "# %u is the user name: the common name of the certificate.",
        *_lines("pattern", every_device(site, "%u")),
    ]
    known = sorted(members, key=lambda one: one.id)
    for member in known:
        lines += ["", f"# {member.kind}{', revoked' if member.is_revoked else ''}", f"user {member.id}"]
        if member.is_revoked:
            lines.append("topic deny #")
        elif member.kind is Kind.DEVICE:
            lines += _lines("topic", chosen_for_device(site, member))
        else:
            if member.kind is not Kind.HUB:
                # Whose name is in the patterns, too, must not appear as a device.
                own = site.every_device.removesuffix("+/#") + member.id
                lines += [f"topic deny {own}/#", f"topic deny homeassistant/device/{member.id}/config"]
            lines += _lines("topic", access(site, member))
            if member.kind is Kind.HUB:
                lines += [f"topic write {topic}" for topic in left_behind(site, known)]
    return "\n".join(lines) + "\n"


def password_file(hashes: Mapping[str, str]) -> str:
    """The password_file, of what `hashed` made for each user."""
    return "".join(f"{user}:{hashes[user]}\n" for user in sorted(hashes))


def hashed(password: str, random: Callable[[int], bytes] = os.urandom) -> str:
    """As `mosquitto_passwd` does it: PBKDF2 with SHA-512 and a salt of 12 bytes.

    Few rounds are enough for passwords that are random and long, as those of `provision` are.
    """
    salt = random(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _HASH_ROUNDS, 64)
    return f"$7${_HASH_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _lines(word: str, allowed: Access) -> list[str]:
    return [f"{word} write {topic}" for topic in allowed.writes] + [
        f"{word} read {topic}" for topic in allowed.reads
    ]
