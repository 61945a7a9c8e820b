"""The files of a NATS cluster with JetStream that is a site's MQTT broker, when one machine is outgrown.

NATS speaks MQTT 3.1.1 and keeps sessions, retained messages and what waits for members that are away on most
of its nodes: any one may die. A topic is a subject there: `/` is `.`, `+` is `*`, `#` is `>`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from edge.hub.access import Member, access, left_behind
from edge.keys.bundle import Kind
from edge.mqtt.topics import SiteTopics

FOLDER = PurePath("/etc/nats/ostiary")
DATA = PurePath("/var/lib/nats")
NODES = 3
ROUTE_PORT = 6222
CLIENT_PORT = 4222

# What NATS delivers messages of QoS 1 through; only the member's own sessions are ever mapped to it.
_DELIVERY = "$MQTT.sub.>"

_CONFIGURATION = """\
# Node {number} of {nodes} of the broker of the site {site}; see systemd/FLEET.md of Ostiary.
server_name: {name}

# Members come over MQTT only; this port is for the operator of the cluster, on the machine itself.
listen: "127.0.0.1:{client_port}"

cluster {{
  name: {site}
  listen: "0.0.0.0:{route_port}"
  routes: [{routes}]
  tls {{
    cert_file: "{folder}/server.crt"
    key_file: "{folder}/server.key"
    ca_file: "{folder}/ca.crt"
    verify: true
  }}
}}

# Sessions, retained messages and what waits for members that are away are on every node.
jetstream {{
  store_dir: "{data}"
  max_memory_store: 256MB
  max_file_store: 8GB
}}
mqtt {{
  listen: "0.0.0.0:{port}"
  stream_replicas: {replicas}
  # How long a message may go unacknowledged before it is sent again, and how many may be under way.
  ack_wait: "10s"
  max_ack_pending: 200
  tls {{
    cert_file: "{folder}/server.crt"
    key_file: "{folder}/server.key"
    ca_file: "{folder}/ca.crt"
    verify_and_map: true
  }}
}}

# The largest messages are deltas of a gallery, 128 KiB.
max_payload: 200000

include "nats-users.conf"
"""


def configuration(
    site: str,
    number: int,
    hosts: Sequence[str],
    *,
    port: int,
    folder: PurePath = FOLDER,
    data: PurePath = DATA,
    route_ports: Sequence[int] = (),
    client_port: int = CLIENT_PORT,
) -> str:
    """nats-server.conf of node `number` (from 1) of the cluster on `hosts`. route_ports: of each host, where
    they are not all the usual one. The other arguments are those of `mosquitto.configuration`."""
    ports = route_ports or [ROUTE_PORT] * len(hosts)
    others = [
        f'"nats-route://{host}:{route}"'
        for at, (host, route) in enumerate(zip(hosts, ports, strict=True), start=1)
        if at != number
    ]
    return _CONFIGURATION.format(
        site=site,
        number=number,
        nodes=len(hosts),
        name=f"{site}-{number}",
        client_port=client_port,
        route_port=ports[number - 1],
        routes=", ".join(others),
        folder=folder,
        data=data,
        port=port,
        replicas=len(hosts),
    )


def users(site: SiteTopics, members: Iterable[Member]) -> str:
    """nats-users.conf: one account with every member and its permissions. Who is revoked is not in it."""
    lines = [
        f"# Who may say (publish) and hear (subscribe) what at the site {site.site}; nobody may more.",
        "accounts {",
        "  OSTIARY {",
        "    jetstream: enabled",
        "    users: [",
    ]
    known = sorted(members, key=lambda one: one.id)
    cleared = left_behind(site, known)
    rows = [
        f"      {_user(site, member, cleared if member.kind is Kind.HUB else ())}"
        for member in known
        if not member.is_revoked
    ]
    return "\n".join([*lines, *rows, "    ]", "  }", "}", ""])


def subject(topic: str) -> str:
    """The NATS subject of a topic or filter of ours, whose levels hold letters, digits and hyphens only."""
    return ".".join({"+": "*", "#": ">"}.get(level, level) for level in topic.split("/"))


def _user(site: SiteTopics, member: Member, also_writes: Iterable[str]) -> str:
    allowed = access(site, member)
    publish = json.dumps([subject(topic) for topic in (*allowed.writes, *also_writes)])
    subscribe = json.dumps([*(subject(topic) for topic in allowed.reads), _DELIVERY])
    # Over MQTT only: NATS's own protocol could ask JetStream for what waits for others.
    return (
        f'{{user: "CN={member.id}", allowed_connection_types: ["MQTT"],'
        f" permissions: {{publish: {publish}, subscribe: {subscribe}}}}}"
    )
