"""What the hub keeps, as tables; the same for SQLite and PostgreSQL.

Times are text as `core.envelope.to_timestamp` writes it, so that text order is time order on both. JSON is
text, too: nothing is ever asked of its inside.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()

# SQLite numbers rows by itself only in a column that is called INTEGER.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# In the order of code points everywhere: a snapshot is sorted so.
_ID = Text().with_variant(Text(collation="C"), "postgresql")

schema = Table(
    "hub_schema",
    METADATA,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)
"""One row: which version of these tables the database has."""

values = Table(
    "hub_values",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Single facts: the database's identity, counts of starts and of own events."""

devices = Table(
    "devices",
    METADATA,
    Column("dev", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("session", BigInteger, nullable=False),
    Column("boot", Text),
    Column("since", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("info", Text, nullable=False),
    Column("doors", Text, nullable=False),
    Column("health", Text, nullable=False),
)
"""since: of the state. seen: when it was last heard. groups: a JSON list. doors: levels by name."""

streams = Table(
    "event_streams",
    METADATA,
    Column("dev", Text, primary_key=True),
    Column("floor", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""floor: the first event of the device that the hub heard of. seq: the last one."""

gaps = Table(
    "event_gaps",
    METADATA,
    Column("dev", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("since", Text, nullable=False),
    Column("alarmed", Boolean, nullable=False),
)
"""Events that did not come though later ones did; a row goes when they have, or are known to be lost."""

events = Table(
    "events",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("dev", Text, nullable=False),
    Column("seq", BigInteger),
    Column("boot", Text),
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("corr", Text),
    Column("body", Text, nullable=False),
    Column("more", Text),
    Index("events_received", "received"),
    Index("events_dev", "dev", "number"),
    Index("events_seq", "dev", "seq"),
    sqlite_autoincrement=True,
)
"""more: keys of the envelope that this version does not know."""

galleries = Table(
    "galleries",
    METADATA,
    Column("gallery", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("proof", Text),
    Column("snapshot", Text),
    Column("snapshot_total", BigInteger, nullable=False),
)
"""count: people. total: operations ever. proof: what a root key signed for the epoch, JSON. snapshot: the
newest one as a head tells of it, JSON; snapshot_total: the operations that are in it."""

gallery_rows = Table(
    "gallery_rows",
    METADATA,
    Column("gallery", Text, ForeignKey("galleries.gallery"), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("person", _ID, primary_key=True),
    Column("face", _ID, primary_key=True),
    Column("line", Text, nullable=False),
)
"""face: empty for the row of the person itself. line: the row's one spelling, sealed as it came."""

gallery_steps = Table(
    "gallery_steps",
    METADATA,
    Column("gallery", Text, ForeignKey("galleries.gallery"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("prev_root", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("ops", Text, nullable=False),
)
"""The step from the version before to this one. count: its operations. total: as of the gallery, with
these. ops: a JSON list."""

gallery_acks = Table(
    "gallery_acks",
    METADATA,
    Column("gallery", Text, primary_key=True),
    Column("dev", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
    Column("ms", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)
"""What each device said it has."""

revokes = Table(
    "revokes",
    METADATA,
    Column("command", Text, primary_key=True),
    Column("gallery", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)
"""Urgent revokes until every device has acknowledged. version: of the gallery that holds the revoke."""

revoke_waits = Table(
    "revoke_waits",
    METADATA,
    Column("command", Text, ForeignKey("revokes.command", ondelete="CASCADE"), primary_key=True),
    Column("dev", Text, primary_key=True),
    Column("alarmed", Boolean, nullable=False),
)
"""Devices that have not yet acknowledged a revoke."""

offers = Table(
    "offers",
    METADATA,
    Column("offer", Text, primary_key=True),
    Column("dev", Text, nullable=False),
    Column("gallery", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("ops", Text, nullable=False),
)
"""People that devices enrolled and hand up, until somebody accepts or refuses them."""

desired_parts = Table(
    "desired_parts",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    Column("at", Text, nullable=False),
)
"""scope: `all`, `group:{name}` or `device:{id}`; the later of these wins, key by key."""

desired = Table(
    "desired",
    METADATA,
    Column("dev", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    Column("reported", BigInteger),
    Column("state", Text),
    Column("hash", Text),
    Column("refused", Text, nullable=False),
    Column("at", Text, nullable=False),
)
"""The document of each device, and what the device said of it."""

rollouts = Table(
    "rollouts",
    METADATA,
    Column("rollout", Text, primary_key=True),
    Column("plan", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("step", Integer, nullable=False),
    Column("at", Text, nullable=False),
)
"""job: the body of the document each device gets. step: of the plan, from 0 on. at: of the start."""

jobs = Table(
    "jobs",
    METADATA,
    Column("rollout", Text, ForeignKey("rollouts.rollout"), primary_key=True),
    Column("dev", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("step", Text),
    Column("percent", Integer, nullable=False),
    Column("reason", Text),
    Column("at", Text, nullable=False),
    Index("jobs_place", "rollout", "place"),
    Index("jobs_dev", "dev"),
)
"""place: in the order of the roll-out, from 0 on. at: since when the status is what it is."""

requests = Table(
    "requests",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("ack", Text, nullable=False),
    Index("requests_at", "at"),
)
"""What was asked, and the answer a repeat is given."""
