"""The remote layer over real files: taken, tried over starts, kept or taken back."""

from __future__ import annotations

import pytest

from edge.app import remote_layer
from edge.app.remote_layer import begin
from edge.configuration import Sources, load
from edge.core.config_document import ConfigState, read_desired
from edge.core.remote_note import Origin
from edge.core.trial_run import Decision
from edge.errors import SettingsError, StoreFull, StoreUnwritable
from edge.whole_file import write_whole


class Device:
    """Starts of one device; the clock of each begins at 0."""

    def __init__(self, folder, text=""):
        self.file = folder / "ostiary.toml"
        self.folder = folder / "store"
        self.folder.mkdir()
        self.file.write_text(f'[store]\nfolder = "{self.folder}"\n{text}')
        self.start()

    def start(self):
        self.now = 0.0
        self.settings, self.layer = begin(Sources(self.file), lambda: self.now)

    def take(self, version, **sections):
        return self.layer.take(read_desired({"version": version, "settings": sections}), Origin.SITE)

    def live(self, seconds, **troubles):
        """Tick once a second; the first verdict, if there is one."""
        for _ in range(int(seconds)):
            self.now += 1.0
            if (verdict := self.layer.tick(troubles)) is not None:
                return verdict
        return None

    @property
    def state(self):
        return self.layer.reported.state


@pytest.fixture
def device(tmp_path):
    return Device(tmp_path)


def test_a_good_configuration_is_used_from_the_next_start_on_and_kept(device):
    assert device.take(1, door={"unlock_s": "2.5"})
    assert (device.state, device.settings.door.unlock_s) == (ConfigState.TRYING, 5.0)
    device.start()
    assert device.settings.door.unlock_s == 2.5
    verdict = device.live(65)
    assert verdict.decision is Decision.CONFIRM
    assert device.now == 61.0
    device.start()
    assert (device.state, device.settings.door.unlock_s) == (ConfigState.APPLIED, 2.5)
    assert device.layer.reported.running_version == 1


def test_one_that_brings_trouble_is_taken_back_within_the_minute_and_not_tried_again(device):
    device.take(1, camera={"kind": "opencv", "source": "/dev/video9"})
    device.start()
    verdict = device.live(65, camera="no camera at /dev/video9")
    assert verdict.decision is Decision.ROLL_BACK
    assert "/dev/video9" in verdict.reason
    assert device.now == 61.0
    device.start()
    assert device.settings.camera.source == "/dev/video0"
    assert device.layer.reported.reason == verdict.reason
    assert not device.take(1, camera={"kind": "opencv", "source": "/dev/video9"})
    assert device.state is ConfigState.ROLLED_BACK


def test_trouble_that_was_there_before_is_not_held_against_it(device):
    device.live(1, camera="gone")
    device.take(1, door={"unlock_s": 3})
    device.start()
    assert device.live(65, camera="gone").decision is Decision.CONFIRM


def test_a_device_that_dies_twice_under_it_goes_back(device):
    device.take(1, door={"unlock_s": 3})
    device.start()
    device.start()
    assert device.settings.door.unlock_s == 3
    device.start()
    assert (device.state, device.settings.door.unlock_s) == (ConfigState.ROLLED_BACK, 5.0)


def test_orderly_ends_do_not_count(device):
    device.take(1, door={"unlock_s": 3})
    for _ in range(5):
        device.start()
        device.layer.leave()
    device.start()
    assert device.settings.door.unlock_s == 3


def test_a_key_that_is_refused_refuses_the_whole_document(device):
    assert not device.take(1, door={"unlock_s": 3, "lock_type": "maglock"})
    assert list(device.layer.reported.refused) == ["door.lock_type"]
    assert not device.take(2, door={"unlock_s": 3}, recognition={"agree": 9}, mqqt={"a": 1})
    assert set(device.layer.reported.refused) == {"recognition", "mqqt"}
    assert not device.take(3, door={"unlock_s": "soon", "held_open": 3})
    assert "number" in device.layer.reported.refused["door.unlock_s"]
    assert "held_open_s" in device.layer.reported.refused["door.held_open"]
    device.start()
    assert device.settings.door.unlock_s == 5.0


def test_a_document_refused_in_the_midst_of_a_trial_ends_that(device):
    device.take(1, door={"unlock_s": 3})
    device.start()
    assert device.take(2, door={"unlock_s": "soon"})
    device.start()
    assert (device.state, device.settings.door.unlock_s) == (ConfigState.REFUSED, 5.0)


def test_a_layer_that_the_devices_own_file_no_longer_agrees_with_is_taken_back_while_on_trial(device):
    device.take(1, recognition={"window": 3})
    device.file.write_text(device.file.read_text() + "[recognition]\nagree = 5\n")
    device.start()
    assert device.state is ConfigState.ROLLED_BACK
    assert "window" in device.layer.reported.reason


def test_a_device_may_take_nothing_from_afar(tmp_path):
    device = Device(tmp_path, "[fleet]\nremote_configuration = false\n")
    assert not device.take(1, door={"unlock_s": 3})
    assert device.state is ConfigState.REFUSED
    assert not (device.folder / "remote.toml").exists()


def test_a_damaged_file_is_told_of(device):
    device.take(1, door={"unlock_s": 3})
    (device.folder / "remote.toml").write_text("[document]\n")
    with pytest.raises(SettingsError, match="remove it"):
        load(device.file)


def test_nothing_changes_while_the_disk_is_full(device, monkeypatch):
    def full(path, content):
        raise StoreFull(f"no space left for {path}; free some")

    with monkeypatch.context() as patch:
        patch.setattr(remote_layer, "write_whole", full)
        with pytest.raises(StoreFull):
            device.take(1, door={"unlock_s": 3})
    assert device.state is ConfigState.NONE
    assert device.take(1, door={"unlock_s": 3})


def test_a_verdict_that_cannot_be_stored_waits(device, monkeypatch):
    device.take(1, door={"unlock_s": 3})
    device.start()

    def broken(path, content):
        raise StoreUnwritable("the card is read-only; replace it")

    with monkeypatch.context() as patch:
        patch.setattr(remote_layer, "write_whole", broken)
        assert device.live(70) is None
    assert device.live(1).decision is Decision.CONFIRM


def test_changes_of_this_device_alone_come_to_a_document(device):
    device.layer.take(device.layer.patch({"door": {"unlock_s": 3, "grace_s": 2}}), Origin.DEVICE)
    device.start()
    device.live(61)
    device.layer.take(device.layer.patch({"door": {"grace_s": None}}), Origin.DEVICE)
    device.start()
    assert (device.settings.door.unlock_s, device.settings.door.grace_s) == (3, 5)
    assert device.layer.reported.version == 2


def test_a_file_is_the_old_one_when_the_new_one_cannot_be_written(tmp_path):
    write_whole(tmp_path / "file", b"old")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    (tmp_path / ".file.new").mkdir()
    with pytest.raises(StoreUnwritable):
        write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"


def test_where_each_value_comes_from_is_told(device, monkeypatch):
    device.file.write_text(device.file.read_text() + '[log]\nlevel = "error"\n[mqtt]\nusername = "u"\n')
    device.take(1, door={"unlock_s": 3}, log={"level": "debug"})
    monkeypatch.setenv("OSTIARY_MQTT__PASSWORD", "geheim")
    told = {one.key: (one.value, one.source) for one in Sources(device.file).origins()}
    assert told["door.unlock_s"] == (3.0, "remote")
    assert told["log.level"] == ("debug", "remote")
    assert told["mqtt.username"] == ("u", "file")
    assert told["mqtt.password"] == ("**********", "environment")
    assert told["door.grace_s"] == (5.0, "default")


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("healthy", [False, True])
@pytest.mark.parametrize("cut_at", range(1, 4))
def test_a_power_cut_at_any_write_leaves_a_device_that_starts_and_decides(
    device, monkeypatch, cut_at, healthy, is_written
):
    writes = []

    def cut(path, content):
        writes.append(path)
        if len(writes) == cut_at and not is_written:
            raise PowerCut
        write_whole(path, content)
        if len(writes) == cut_at:
            raise PowerCut

    monkeypatch.setattr(remote_layer, "write_whole", cut)
    for _ in range(6):
        try:
            device.start()
            device.take(1, door={"unlock_s": 3})
            if device.layer.note.trial is not None and device.layer.note.trial.starts:
                device.live(125, **({} if healthy else {"camera": "gone"}))
        except PowerCut:
            continue
    assert device.state is (ConfigState.APPLIED if healthy else ConfigState.ROLLED_BACK)
    assert load(device.file).door.unlock_s == (3.0 if healthy else 5.0)
