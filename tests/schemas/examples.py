"""One right body for every message that we read, to be spoiled in all ways."""

from __future__ import annotations

SHA = "ab" * 32
TIME = "2026-05-01T12:00:00.000Z"
PERSON = {"op": "put", "person": "p-1", "sealed": "AAAA", "groups": ["g1", "g2"], "revoked": False}
FACE = {
    "op": "put",
    "person": "p-1",
    "face": "f-1",
    "model": "edgeface-xxs",
    "sealed": "AAAA",
    "quality": 900,
    "added": TIME,
}
FILE = {"sha256": SHA, "bytes": 10, "url": "https://host/file"}
SNAPSHOT = {"version": 1, "root": SHA, "count": 1, "sha256": SHA, "bytes": 9}

COMMANDS: dict[str, dict[str, object]] = {
    "door.unlock": {"door": "main", "seconds": 2},
    "door.posture": {"door": "main", "posture": "lockdown", "until": TIME, "reason": "drill"},
    "door.acknowledge": {"door": "main"},
    "device.identify": {"seconds": 5},
    "device.restart": {},
    "diag.selftest": {},
    "log.upload": {"lines": 20, "since": TIME, "level": "info"},
    "snapshot.request": {"width": 320, "faces": True},
    "enroll.start": {"person": "p-1", "groups": ["g1"], "seconds": 20},
    "gallery.sync": {},
    "config.get": {"keys": ["door.unlock_s"]},
    "face.list": {"person": "p-1", "offset": 1, "limit": 5},
    "face.delete": {"person": "p-1", "faces": ["f-1"]},
    "face.add": {"person": "p-1", "image": "AAAA"},
    "face.verify": {"person": "p-1", "image": "AAAA"},
    "face.search": {"image": "AAAA", "groups": ["g1"], "count": 3},
    "group.create": {"group": "g1", "name": "n", "tag": "t", "fields": ["f"]},
    "group.modify": {"group": "g1", "name": "n", "tag": "t"},
    "group.delete": {"group": "g1", "with_people": True},
    "group.list": {"offset": 0, "limit": 10},
    "person.list": {"group": "g1", "offset": 0, "limit": 10},
    "person.create": {
        "person": "p-1",
        "groups": ["g1"],
        "name": "n",
        "gender": 1,
        "tag": "t",
        "valid_from": TIME,
        "valid_until": None,
    },
    "person.modify": {
        "person": "p-1",
        "name": "n",
        "gender": 1,
        "tag": "t",
        "valid_from": None,
        "valid_until": TIME,
        "revoked": True,
        "version": 3,
    },
    "person.copy": {"person": "p-1", "groups": ["g1"]},
    "person.leave": {"person": "p-1", "group": "g1"},
    "person.delete": {"people": ["p-1"]},
    "person.show": {"person": "p-1"},
    "gallery.revoke": {"person": "p-1", "epoch": 1, "version": 2},
}

DOCUMENTS: dict[str, list[dict[str, object]]] = {
    "gallery.head": [
        {
            "gallery": "main",
            "epoch": 1,
            "version": 2,
            "root": SHA,
            "count": 1,
            "model": "m",
            "min_delta": 1,
            "snapshot": SNAPSHOT,
        }
    ],
    "gallery.delta": [
        {
            "gallery": "main",
            "epoch": 1,
            "from": 1,
            "to": 2,
            "prev_root": SHA,
            "root": SHA,
            "ops": [
                {**PERSON, "valid_from": TIME, "valid_until": TIME},
                FACE,
                {"op": "del", "person": "p-2", "face": "f-2"},
            ],
        }
    ],
    "gallery.request": [
        {"gallery": "main", "want": "deltas", "epoch": 1, "have": 1, "root": SHA},
        {"gallery": "main", "want": "snapshot", "version": 1, "sha256": SHA, "from": 0, "count": 16},
        {"gallery": "main", "want": "prepare", "epoch": 0, "have": 0},
    ],
    "gallery.ack": [{"gallery": "main", "epoch": 1, "version": 2, "root": SHA, "count": 1, "ms": 5}],
    "gallery.receipt": [{"gallery": "main", "version": 2, "root": SHA, "person_hashes": [SHA]}],
    "gallery.offer": [{"gallery": "main", "ops": [PERSON, FACE]}],
    "gallery.epoch": [{"gallery": "main", "epoch": 2, "version": 9, "root": SHA}],
    "config.desired": [{"version": 3, "settings": {"door": {"unlock_s": "3.5"}}}],
    "job.next": [
        {
            "job": "j-1",
            "kind": "model",
            "manifest": "x",
            "file": FILE,
            "shadow": {"seconds": 60, "faces": 5, "agreement": 900, "difference": 50},
        },
        {
            "job": "j-2",
            "kind": "software",
            "version": "1.2.0",
            "name": "ostiary-1.2.0-py3-none-any.whl",
            "file": {"sha256": SHA, "bytes": 10},
        },
        {"job": "j-3", "kind": "config", "version": 3, "settings": {"door": {"unlock_s": "3.5"}}},
    ],
    "job.update": [
        {
            "job": "j-1",
            "kind": "model",
            "status": "failed",
            "step": "check",
            "percent": 10,
            "reason": "digest",
            "detail": {"n": 1},
        }
    ],
}
