"""The whole daemon with a keyring over a real broker: who may open, through a change of keys, a restart."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta

from edge.core.envelope import Envelope, document
from edge.core.identifiers import uuid7
from edge.core.roles import Role
from edge.demo.broker import Broker
from edge.demo.observer import Observer
from edge.keys.keyring import Keyring
from edge.keys.signature import signed
from tests.broker import needs_mosquitto
from tests.journeys.daemon_process import TOPIC, DaemonProcess, read_edges, write_clip, write_config
from tests.keys.rings import KEYS_TOPIC, OPERATOR, ROOT, keyring, keys_list, known, signing_key
from tests.schemas.validation import complaint

pytestmark = needs_mosquitto
GROUP = "ostiary/1/site/g/lobby/cmd"
SCHEMAS = {"state": "state", "info": "info", "evt-ack": "evt-ack"}
ids = itertools.count(1)


class Operator:
    """Sends commands and waits for the last word on each."""

    def __init__(self, observer):
        self.observer = observer

    def opens(self, *keys, topic=f"{TOPIC}/cmd"):
        """The answer to an unlock signed with these keys."""
        now = datetime.now(UTC)
        made = Envelope(
            id=uuid7(int(now.timestamp() * 1000), next(ids).to_bytes(10, "big")),
            ts=now,
            type="door.unlock",
            body={"door": "main", "seconds": 1},
            exp=now + timedelta(seconds=20),
        )
        sent_at = time.monotonic()
        self.observer.send(topic, document(signed(made, topic, *keys) if keys else made))
        final = self.observer.wait_for(
            lambda one: (
                one.body.get("corr") == made.id
                and one.body["body"].get("status") in ("succeeded", "rejected")
            ),
            sent_at,
            15.0,
        )
        return final.body["body"]["reason"]

    def publish(self, ring, *keys):
        began = time.monotonic()
        self.observer.send(KEYS_TOPIC, document(keys_list(ring, *keys)), retain=True)
        return self.observer.wait_for(
            lambda one: str(one.body.get("type")).startswith("audit.keys_"), began, 15.0
        ).body["type"]


def schema_of(heard):
    """Which schema a message below `ostiary/` has to be as; None for what is not ours to say."""
    parts = heard.topic.split("/")
    if parts[3] != "d" or parts[5] in ("cmd",):
        return None
    if parts[5] == "door":
        return "door.state"
    if parts[5] == "evt":
        return f"evt.{parts[6]}"
    return SCHEMAS.get(parts[5]) or heard.body.get("type")


def test_only_the_right_keys_open_and_all_that_is_said_is_as_the_schemas_say(tmp_path):
    heir = signing_key("heir")
    staying = [key for key in keyring().keys if key.kid != OPERATOR.kid]
    config = write_config(tmp_path, write_clip(tmp_path / "clip", "stranger_walks_up", step=4))
    (tmp_path / "keyring.json").write_text(keyring(1).to_json())
    with Broker(kind="mosquitto") as broker:
        with config.open("a") as file:
            file.write(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.address.port}\n')
            file.write(f'[fleet]\nkeyring = "{tmp_path / "keyring.json"}"\n')
            file.write('groups = ["lobby"]\nhealth_s = 1\n')
        observer = Observer(broker.address)
        observer.start()
        site, running = Operator(observer), DaemonProcess(config, tmp_path / "log")
        try:
            running.start()
            running.wait_ready()
            observer.wait_for(lambda one: one.body.get("state") in ("ready", "degraded"), 0.0, 20.0)
            assert [site.opens(), site.opens(heir), site.opens(OPERATOR)] == ["auth", "auth", "allow_command"]
            assert site.opens(OPERATOR, topic=GROUP) == "allow_command"
            assert site.publish(keyring(5, known(heir, Role.OPERATOR)), OPERATOR) == "audit.keys_refused"
            later = Keyring(2, (*staying, known(heir, Role.OPERATOR)))
            assert site.publish(later, ROOT) == "audit.keys_changed"
            assert [site.opens(OPERATOR), site.opens(heir)] == ["auth", "allow_command"]
            running.kill()
            # Nothing but the device's own store remembers the change now.
            observer.send(KEYS_TOPIC, {}, retain=True)
            running.start()
            running.wait_ready()
            began = time.monotonic()
            observer.wait_for(lambda one: one.body.get("state") in ("ready", "degraded"), began, 20.0)
            assert [site.opens(OPERATOR), site.opens(heir)] == ["auth", "allow_command"]
            observer.wait_for(lambda one: one.body.get("type") == "tele.health", began, 15.0)
            assert running.stop() == 0
        finally:
            running.kill()
            observer.close()
    opened = [edge for edge in read_edges(tmp_path) if edge["state"] == "unlocked"]
    assert 1 <= len(opened) <= 4
    said = [(schema_of(one), one.body) for one in observer.heard() if schema_of(one) is not None]
    assert {"state", "info", "door.state", "cmd.ack", "evt.audit", "evt.door", "tele.health"} <= {
        name for name, _ in said
    }
    infos = [body for name, body in said if name == "info"]
    assert [infos[0]["keyring"], infos[-1]["keyring"], infos[-1]["groups"]] == [1, 2, ["lobby"]]
    assert [wrong for name, body in said if (wrong := complaint(name, body)) is not None] == []
