"""The jobs of a device, end to end but for the broker: the test plays the site and the service manager."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tomli_w

from edge import resources
from edge.app import model_check, model_shelf, on_trial, wiring
from edge.app.configuration_desk import Answer
from edge.app.documents import Documents
from edge.app.job_desk import JobDesk
from edge.app.job_hand import Hand
from edge.app.job_kinds import JobKinds
from edge.app.job_log import JobLog
from edge.app.software_trial import SoftwareTrial
from edge.configuration import Sources
from edge.core.face import Box, Face
from edge.core.jobs import CHUNK_BYTES, JobUpdate, ShadowTerms, read_job
from edge.core.remote_note import Origin
from edge.core.roles import Role, Signer
from edge.core.trial_run import Decision, Terms
from edge.errors import JobFailed, StoreFull
from edge.host.slots import Slots
from edge.ports import Message
from edge.service.reporting import Clocks
from edge.service.shadowing import ShadowedLiveness, Understudies
from edge.vision.manifest import find, load_manifest
from tests.broker import Authority, until
from tests.host.test_download import serving
from tests.host.test_slots import make_wheel

NEXT = "ostiary/1/site/d/door-1/job/next"
MODELS = resources.folder("models")
LIVENESS = find("liveness")
OTA = (Signer("k1", frozenset({Role.OTA})),)


def liveness_job(job="job-1", **more):
    """The liveness model that ships, under another name."""
    manifest = tomllib.loads((MODELS / "liveness-context.toml").read_text()) | {"name": "newer"}
    file = {"sha256": LIVENESS.sha256, "bytes": LIVENESS.bytes}
    return {"job": job, "kind": "model", "manifest": tomli_w.dumps(manifest), "file": file, **more}


@dataclass
class Device:
    """One device over several starts. sends: whether the site sends the pieces that are asked for."""

    folder: Path
    content: bytes = b""
    sends: bool = True
    settings_text: str = ""
    signers: tuple[Signer, ...] | None = None
    updates: list[dict[str, Any]] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked: int = 0
    beats: int = 0

    def start(self):
        self.file = self.folder / "ostiary.toml"
        self.store = self.folder / "store"
        self.store.mkdir(exist_ok=True)
        self.file.write_text(f'[store]\nfolder = "{self.store}"\n{self.settings_text}')
        self.now = 0.0
        self.settings, self.trial = on_trial.begin(Sources(self.file), lambda: self.now)
        clocks = Clocks(lambda: self.now, lambda: datetime.now(UTC), lambda: True)
        documents = Documents(
            dev="door-1",
            signers=lambda *_: self.signers,
            clocks=clocks,
            refused=lambda reason, text: self.refused.append(reason),
        )
        self.desk = JobDesk(
            log=JobLog(self.store / "jobs.json"),
            documents=documents,
            publish=self._publish,
            audit=lambda *_: None,
            next_topic=NEXT,
            monotonic=lambda: self.now,
            utc=lambda: datetime(2027, 1, 1, tzinfo=UTC),
            work=lambda job: kinds.carry_out(job),
        )
        hand = Hand(
            folder=self.store / "jobs",
            ca_file=self.settings.ota.ca_file,
            max_bytes=50 << 20,
            monotonic=lambda: self.now,
            pause=self.desk.pause,
            tell=self.desk.tell,
            ask=self._ask,
            pieces=self.desk.hear_pieces,
        )
        kinds = JobKinds(
            settings=self.settings,
            on_trial=self.trial,
            hand=hand,
            take=self._take,
            restart=self.restarts.append,
            is_signed=self.signers is not None,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.desk.run, args=(self._stop, self._beat), daemon=True)
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(20.0)
        assert not self._thread.is_alive()

    def give(self, body, topic=NEXT, made="2026-11-21T12:00:00Z"):
        message = {
            "v": 1, "id": "0190b6b2-0000-7000-8000-000000000001", "ts": made,
            "type": "job.next", "body": body,
        }  # fmt: skip
        payload = b"" if body is None else json.dumps(message).encode()
        self.desk.put(Message(topic, payload, True, 1, 0.0))

    def until_told(self, status, step=None):
        def told():
            return [one for one in self.updates if one["status"] == status and step in (None, one["step"])]

        until(told, f"status {status}", timeout_s=30.0)
        return told()[-1]

    def _beat(self):
        self.beats += 1

    def _publish(self, update: JobUpdate):
        self.updates.append(update.body())
        return True

    def _ask(self, body):
        self.asked += 1
        if self.sends:
            for index in range(body["from"], body["from"] + body["count"]):
                data = self.content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
                topic = f"ostiary/1/site/d/door-1/gal/chunk/{body['sha256'][:16]}/{index}"
                payload = hashlib.sha256(data).digest() + data
                self.desk.put(Message(topic, payload, False, 1, 0.0))
        return True

    def _take(self, desired):
        restarts = self.trial.layer.take(desired, Origin.SITE)
        return Answer(self.trial.layer.reported, "", restarts)


@pytest.fixture
def device(tmp_path):
    made = Device(tmp_path, LIVENESS.file.read_bytes())
    made.start()
    yield made
    made.stop()


def test_a_desk_without_a_job_gives_signs_of_life(device):
    until(lambda: device.beats >= 3, "three beats")


def test_a_model_comes_in_pieces_is_tried_and_stays(device):
    device.give(liveness_job())
    device.until_told("in_progress", "trial")
    until(lambda: device.restarts, "a start anew")
    device.stop()
    device.start()
    assert model_shelf.folders(device.store)
    with wiring.open_models(device.settings) as models:
        assert models.liveness.engine.manifest.name == "newer"
    for _ in range(62):
        device.now += 1.0
        device.trial.shelf.tick({})
    assert device.until_told("succeeded")["percent"] == 100
    assert device.updates[0]["status"] == "accepted"
    assert not list((device.store / "jobs").iterdir())
    device.updates.clear()
    device.give(liveness_job())
    assert device.until_told("succeeded")
    assert len(device.restarts) == 1


def test_a_model_under_which_the_device_is_not_well_is_taken_back(device):
    device.give(liveness_job())
    until(lambda: device.restarts, "a start anew")
    device.stop()
    device.start()
    for _ in range(62):
        device.now += 1.0
        device.trial.shelf.tick({"liveness": "gives no score"})
    assert device.until_told("failed")["reason"] == "unhealthy"
    assert model_shelf.folders(device.store) == ()


def test_a_daemon_that_dies_under_a_model_gets_the_old_one(tmp_path):
    shelf = model_shelf.begin(tmp_path, Terms())
    copy = tmp_path / "file"
    copy.write_bytes(LIVENESS.file.read_bytes())
    path = shelf.put(liveness_job()["manifest"], copy)
    shelf.switch("job-1", load_manifest(path))
    for _ in range(2):
        assert model_shelf.begin(tmp_path, Terms()).is_trying
        assert model_shelf.folders(tmp_path) == (path.parent,)
    left = model_shelf.begin(tmp_path, Terms())
    assert not left.is_trying
    assert left.outcome == model_shelf.Outcome("job-1", "crashed")
    assert model_shelf.folders(tmp_path) == ()


def test_a_model_that_was_damaged_on_the_card_is_left(tmp_path):
    shelf = model_shelf.begin(tmp_path, Terms(healthy_s=1.0), clock := iter(range(100)).__next__)
    copy = tmp_path / "file"
    copy.write_bytes(LIVENESS.file.read_bytes())
    path = shelf.put(liveness_job()["manifest"], copy)
    shelf.switch("job-1", load_manifest(path))
    shelf = model_shelf.begin(tmp_path, Terms(healthy_s=1.0), clock)
    assert shelf.tick({}) is None
    assert shelf.tick({}).decision is Decision.CONFIRM
    assert model_shelf.folders(tmp_path)
    (path.parent / LIVENESS.file.name).write_bytes(b"damaged")
    model_shelf.begin(tmp_path, Terms())
    assert model_shelf.folders(tmp_path) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "embedding"}, "manifest"),
        ({"name": "../../x"}, "manifest"),
        ({"file": "model.toml"}, "manifest"),
        ({"sha256": "0" * 64}, "manifest"),
        ({"task": "landmarks"}, "selftest"),
        ({"scorecard": None}, "selftest"),
    ],
)
def test_a_model_that_is_not_what_it_should_be_is_refused(device, change, reason):
    job = liveness_job()
    manifest = {**tomllib.loads(job["manifest"]), **change}
    job["manifest"] = tomli_w.dumps({key: value for key, value in manifest.items() if value is not None})
    device.give(job)
    assert device.until_told("failed")["reason"] == reason
    assert device.restarts == []


def test_fetching_goes_on_after_a_power_cut_and_ends_when_the_site_takes_the_job_back(device):
    device.sends = False
    device.give(liveness_job())
    until(lambda: device.asked, "a request")
    first = device.content[:CHUNK_BYTES]
    topic = f"ostiary/1/site/d/door-1/gal/chunk/{LIVENESS.sha256[:16]}/0"
    device.desk.put(Message(topic, hashlib.sha256(first).digest() + first, False, 1, 0.0))
    part = device.store / "jobs" / f"{LIVENESS.sha256}.part"
    until(lambda: part.is_file(), "the first piece")
    device.stop()
    assert [one for one in device.updates if one["status"] == "failed"] == []
    device.start()
    device.until_told("in_progress", "download")
    assert part.stat().st_size == CHUNK_BYTES
    device.give(None)
    assert device.until_told("failed")["reason"] == "cancelled"
    assert not part.exists()


def test_a_file_is_fetched_over_https_and_after_a_cut(device, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.app.job_hand.FIRST_WAIT_S", 0.05)
    authority = Authority(tmp_path)
    device.stop()
    device.settings_text = f'[ota]\nca_file = "{authority.ca_file}"\n'
    with serving(authority) as server:
        server.content, server.cut = device.content, len(device.content) // 3 + 1
        device.start()
        job = liveness_job()
        job["file"]["url"] = server.url
        device.give(job)
        until(lambda: device.restarts, "a start anew", timeout_s=30.0)
        assert len(server.asked) == 3


def test_a_model_that_saw_nobody_while_it_looked_on_is_not_taken_over(device):
    device.give(liveness_job(shadow={"seconds": 5}))
    device.until_told("in_progress", "shadow")
    until(lambda: device.trial.understudies.liveness is not None, "an understudy")
    device.now += 6.0
    assert device.until_told("failed")["reason"] == "shadow"
    assert device.trial.understudies.liveness is None
    assert device.restarts == []


def test_a_command_brings_a_job_and_a_second_one_waits_its_turn(device):
    device.sends = False
    assert device.desk.order(liveness_job())
    until(lambda: device.asked, "a request")
    config = {"kind": "config", "version": 1, "settings": {"door": {"unlock_s": "soon"}}}
    assert device.desk.order({"job": "job-2", **config})
    device.give(None)
    until(lambda: [one for one in device.updates if one["status"] == "failed"], "the end of the first")
    assert device.desk.order({"job": "job-3", **config})
    until(lambda: len([one for one in device.updates if one["status"] == "failed"]) == 2, "both ends")
    ended = [(one["job"], one["reason"]) for one in device.updates if one["status"] == "failed"]
    # An empty document takes back the job at hand and the one that waits.
    assert ended == [("job-1", "cancelled"), ("job-3", "refused")]


def test_a_configuration_as_a_job_is_done_when_it_was_confirmed(device):
    device.give({"job": "job-2", "kind": "config", "version": 1, "settings": {"door": {"unlock_s": "2"}}})
    device.until_told("in_progress", "trial")
    device.stop()
    device.start()
    for _ in range(62):
        device.now += 1.0
        device.trial.layer.tick({})
    device.until_told("succeeded")
    device.give({"job": "job-3", "kind": "config", "version": 2, "settings": {"mqtt": {"host": "x"}}})
    assert device.until_told("failed")["reason"] == "refused"


def test_software_is_taken_only_signed_and_from_the_slots(device, tmp_path):
    file = {"sha256": "0" * 64, "bytes": 10}
    job = {"kind": "software", "version": "2.0", "name": "ostiary-2.0-py3-none-any.whl", "file": file}
    device.give({"job": "job-4", **job})
    assert device.until_told("failed")["reason"] == "keyring"
    device.stop()
    device.signers = OTA
    device.start()
    device.give({"job": "job-5", **job})
    until(
        lambda: [one["reason"] for one in device.updates if one["job"] == "job-5" and "reason" in one], "it"
    )
    assert device.updates[-1]["reason"] == "slots"


def test_a_wheel_is_installed_beside_tried_and_told_of(device, tmp_path):
    pytest.importorskip("ensurepip", reason="this Python cannot make virtual environments")
    slots = tmp_path / "slots"
    slots.mkdir()
    (slots / "a").symlink_to(sys.prefix)
    (slots / "current").symlink_to("a")
    device.content = make_wheel(tmp_path, "2.0").read_bytes()
    file = {"sha256": hashlib.sha256(device.content).hexdigest(), "bytes": len(device.content)}
    device.stop()
    device.signers, device.settings_text = OTA, f'[ota]\nslots = "{slots}"\n'
    device.start()
    name = "ostiary-2.0-py3-none-any.whl"
    device.give({"job": "job-7", "kind": "software", "version": "2.0", "name": name, "file": file})
    until(lambda: device.restarts, "a start anew", timeout_s=60.0)
    device.stop()
    now = [0.0]
    trial = SoftwareTrial(Slots(slots, prefix=slots / "b"), Terms(), lambda: now[0])
    trial.is_linked = lambda: now[0] > 30.0
    while (verdict := trial.tick({})) is None:
        now[0] += 1.0
    assert (verdict.decision, now[0]) == (Decision.CONFIRM, 91.0)
    device.start()
    device.until_told("succeeded")


def test_software_that_does_not_reach_the_site_is_left(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "current").symlink_to("a")
    Slots(tmp_path, prefix=tmp_path / "a").switch("b", "job-1")
    now = [0.0]
    trial = SoftwareTrial(Slots(tmp_path, prefix=tmp_path / "b"), Terms(), lambda: now[0])
    trial.is_linked = lambda: False
    while (verdict := trial.tick({})) is None:
        now[0] += 1.0
    assert (verdict.decision, now[0]) == (Decision.ROLL_BACK, 60.0)
    assert "broker" in verdict.reason
    assert trial.slots.current == "a"


def test_what_nobody_signed_or_nobody_understands_is_not_done(device):
    device.signers = ()
    device.give(liveness_job())
    until(lambda: device.refused == ["auth"], "a refusal")
    device.signers = OTA
    device.give({"job": "job-6", "kind": "other"})
    assert device.until_told("rejected")["reason"] == "malformed"
    assert device.updates == [device.updates[-1]]


def test_a_job_older_than_one_that_was_taken_is_not_done(device):
    job = {"kind": "config", "version": 1, "settings": {"mqtt": {"host": "x"}}}
    device.give({"job": "job-8", **job}, made="2026-11-21T12:00:00Z")
    device.until_told("failed")
    device.stop()
    device.start()
    device.give({"job": "job-7", **job}, made="2026-11-21T11:59:59Z")
    assert device.until_told("rejected")["reason"] == "stale"
    # A clock that ran far ahead shuts out nothing that is made from now on.
    device.give({"job": "job-9", **job, "version": 2}, made="2036-11-21T12:00:00Z")
    until(lambda: device.updates[-1]["job"] == "job-9" and device.updates[-1]["status"] == "failed", "job-9")
    assert not JobLog(device.store / "jobs.json").is_old(datetime(2027, 1, 1, tzinfo=UTC))


def test_a_full_disk_ends_a_job_cleanly(device, monkeypatch):
    def full(self, data, at):
        raise StoreFull("no space left; free some")

    monkeypatch.setattr("edge.host.staged_file.StagedFile.append", full)
    device.give(liveness_job())
    assert device.until_told("failed")["reason"] == "disk_full"


def test_a_file_larger_than_allowed_is_not_fetched(device):
    job = liveness_job()
    job["file"] = {"sha256": "0" * 64, "bytes": 1 << 30}
    device.give(job)
    assert device.until_told("failed")["reason"] == "size"
    assert device.asked == 0


@pytest.mark.parametrize(("offset", "does_well"), [(0.0, True), (0.9, False)])
def test_a_new_model_looks_on_and_takes_over_only_when_it_does_well(tmp_path, offset, does_well):
    settings = Sources(None, {"store": {"folder": tmp_path}}).load()
    understudies = Understudies()
    charge = ShadowedLiveness(SimpleNamespace(score=lambda *_: charge_score[0]), understudies)
    image = np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)
    face = Face(Box(100.0, 60.0, 200.0, 180.0), np.zeros((6, 2), np.float32), 0.9)
    charge_score = [0.0]

    def pause(_):
        own = understudies.liveness.model.score(image, face)
        charge_score[0] = abs(own - offset)
        charge.score(image, face)

    terms = ShadowTerms(seconds=1000, faces=5, agreement=900, difference=50)
    arguments = (settings, LIVENESS, terms, understudies)
    doing = {"monotonic": lambda: 0.0, "pause": pause, "progress": lambda share: None}
    if does_well:
        figures = model_check.shadow(*arguments, **doing)
        assert (figures["faces"], figures["agreement"], figures["difference"]) == (5, 1000, 0)
    else:
        with pytest.raises(JobFailed, match="did not do well"):
            model_check.shadow(*arguments, **doing)
    assert understudies.liveness is None


def test_a_task_that_nobody_can_watch_has_no_shadow(tmp_path):
    settings = Sources(None, {"store": {"folder": tmp_path}}).load()
    with pytest.raises(JobFailed, match="look on"):
        model_check.shadow(
            settings, find("occlusion"), ShadowTerms(), Understudies(),
            monotonic=lambda: 0.0, pause=lambda _: None, progress=lambda _: None,
        )  # fmt: skip


def test_a_job_log_that_is_damaged_is_begun_anew(tmp_path):
    (tmp_path / "jobs.json").write_text('{"done": 5}')
    log = JobLog(tmp_path / "jobs.json")
    assert (log.current, log.last) == (None, None)
    assert log.begin(liveness_job()).id == "job-1"
    assert JobLog(tmp_path / "jobs.json").current == read_job(liveness_job())
