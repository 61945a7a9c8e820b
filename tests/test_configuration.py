from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.app import recognition
from edge.configuration import load
from edge.core.liveness_policy import LivenessPolicy
from edge.errors import SettingsError
from edge.service.reporting import Clocks


@pytest.fixture
def write(tmp_path):
    def writer(text):
        file = tmp_path / "ostiary.toml"
        file.write_text(text)
        return file

    return writer


def refused(file, *words):
    with pytest.raises(SettingsError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


def test_the_defaults_are_valid(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.configuration.DEFAULT_FILE", tmp_path / "absent.toml")
    assert load().mqtt.host is None


def test_each_source_beats_the_one_before(write, tmp_path, monkeypatch):
    file = write(
        '[device]\nid = "file"\nsite = "file"\n[mqtt]\nusername = "file"\npassword = "file"\nhost = "file"'
    )
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt.password").write_text("credential")
    (tmp_path / "credentials" / "mqtt.host").write_text("credential")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    monkeypatch.setenv("OSTIARY_DEVICE__ID", "environment")
    monkeypatch.setenv("OSTIARY_MQTT__HOST", "environment")
    read = load(file, {"device": {"id": "command-line"}})
    assert read.device.site == "file"
    assert read.mqtt.password.get_secret_value() == "credential"
    assert read.mqtt.host == "environment"
    assert read.device.id == "command-line"


def test_credentials_beside_the_file_count_where_systemd_names_none(write, tmp_path, monkeypatch):
    file = write('[mqtt]\nusername = "u"')
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt.password").write_text("beside")
    assert load(file).mqtt.password.get_secret_value() == "beside"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "elsewhere"))
    assert load(file).mqtt.password is None


def test_a_secret_is_not_shown(write):
    read = load(write('[mqtt]\nusername = "u"\npassword = "geheim"'))
    assert "geheim" not in repr(read)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[mqtt]\nhots = "x"', ("mqtt.hots", "host")),
        ('[camera]\nsource = "/dev/video0"', ("camera.kind", "missing", "opencv", "picamera2")),
        ("[mqt]\nport = 1", ("mqt", "mqtt")),
        ('[camera]\nkind = "replay"\npath = "p"\nlop = true', ("lop", "loop")),
        ('[camera]\nkind = "paired"\ncolor = {kind = "opencv"}', ("camera.infrared",)),
        (
            '[camera]\nkind = "paired"\ncolor = {kind = "opencv", sauce = 0}\ninfrared = {kind = "opencv"}',
            ("camera.color.sauce", "source"),
        ),
        ('[camera]\nkind = "opnecv"', ("camera", "opencv")),
        ('[door]\nunlock_s = "soon"', ("door.unlock_s", "number")),
        ("[door]\nunlock_s = 1000", ("door.unlock_s",)),
        ("[recognition]\nagree = 9", ("recognition", "window")),
        ("[vision]\nzone = [[0, 0], [1, 1]]", ("vision.zone", "3 points")),
        ('[mqtt]\ncert_file = "a"', ("mqtt", "key_file")),
        ('[device]\nid = "Door 1"', ("device.id",)),
        ('[door]\nname = "main-"', ("door.name",)),
        ("[liveness]\nframes = 20", ("liveness", "frames", "window")),
        ("[liveness]\nreject = 0.9\nthreshold = 0.5", ("liveness", "reject", "threshold")),
        ('[liveness]\npolicy = "none"', ("liveness.policy", "off", "passive+challenge")),
        ('[liveness]\nschedule = [{ policy = "off", from = "8:00" }]', ("schedule", "HH:MM")),
        ('[liveness]\nschedule = [{ policy = "off", days = ["monday"] }]', ("schedule", "mon")),
        ('[liveness]\nschedule = [{ policy = "off", days = [] }]', ("schedule", "at least one day")),
        ('[liveness.challenge]\nmoves = ["left", "approach"]', ("challenge.moves", "two moves")),
        ('[device]\ntime_zone = "Europe/Atlantis"', ("device.time_zone", "Europe/Berlin")),
        ("[door]\nunlock_s = nan", ("door.unlock_s",)),
        ("this is not toml", ("TOML",)),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line_that_names_the_key(write, text, words):
    refused(write(text), *words)


def test_a_file_that_was_named_must_exist(tmp_path):
    refused(tmp_path / "absent.toml", "absent.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "ostiary.toml").write_bytes(b"\xff\xfe\x00binary")
    refused(tmp_path / "ostiary.toml", "ostiary.toml")


@pytest.mark.parametrize("variable", ["OSTIARY_MQT__HOST", "OSTIARY_CAMRA", "OSTIARY_MQTT__HOTS"])
def test_an_unknown_variable_is_refused(write, monkeypatch, variable):
    monkeypatch.setenv(variable, "x")
    refused(write(""))


@pytest.mark.parametrize(("variable", "value"), [("OSTIARY_DOOR", "{"), ("OSTIARY_VISION__ZONE", "left")])
def test_a_variable_that_is_not_json_where_it_must_be_is_refused(write, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    refused(write(""), "OSTIARY_")


def test_a_credential_that_is_not_text_is_refused(write, tmp_path, monkeypatch):
    (tmp_path / "mqtt.password").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    refused(write('[mqtt]\nusername = "u"'), "credential")


def test_a_path_that_cannot_be_looked_at_is_refused(tmp_path):
    refused(tmp_path / ("x" * 300), "cannot be read")


def test_a_weekly_schedule_of_liveness_policies_is_read_in_the_time_of_the_place(write):
    text = """
[device]
time_zone = "Europe/Berlin"

[liveness]
policy = "challenge"
schedule = [{ days = ["mon", "tue"], from = "08:00", to = "18:00", policy = "passive" }]
"""
    settings = load(write(text))
    policy = recognition.liveness_policy(settings, clocks(datetime(2026, 5, 4, 6, 30, tzinfo=UTC)))
    assert policy() is LivenessPolicy.PASSIVE
    policy = recognition.liveness_policy(settings, clocks(datetime(2026, 5, 4, 16, 30, tzinfo=UTC)))
    assert policy() is LivenessPolicy.CHALLENGE


def test_while_the_time_is_not_trusted_the_strictest_policy_holds(write):
    text = '[liveness]\nschedule = [{ policy = "off" }]'
    settings = load(write(text))
    noon = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    assert recognition.liveness_policy(settings, clocks(noon))() is LivenessPolicy.OFF
    assert recognition.liveness_policy(settings, clocks(noon, is_set=False))() is LivenessPolicy.PASSIVE


def clocks(utc, is_set=True):
    return Clocks(monotonic=lambda: 0.0, utc=lambda: utc, is_set=lambda: is_set)
