"""`ostiary fleet` against a site of its own: provisioned, with a real broker, a hub and virtual doors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.demo.broker import find_mosquitto
from edge.errors import KeyUnusable
from tests.broker import until
from tests.cli.command import Done, ostiary
from tests.journeys.daemon_process import DaemonProcess
from tests.journeys.fleet_site import DOORS, ROOT, FleetSite, running

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
SIMS = [f"sim-{number}" for number in range(1, DOORS + 1)]
PICTURE = ROOT / "edge" / "demo" / "portraits" / "eileen_collins.jpg"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetSite]:
    with running(tmp_path_factory.mktemp("north")) as made:
        yield made


@pytest.fixture(scope="module")
def door(site: FleetSite) -> Iterator[DaemonProcess]:
    """The daemon itself, on an empty room."""
    clip = site.folder / "clip"
    clip.mkdir()
    cv2.imwrite(str(clip / "0.jpg"), np.full((240, 320, 3), 90, np.uint8))
    config = site.bundles / "real-1" / "ostiary.toml"
    store = site.folder / "store"
    config.write_text(
        config.read_text()
        .replace("[fleet]\n", "[fleet]\npictures = true\n")
        .replace("[device]\n", "[device]\ntrust_clock = true\n")
        + f'\n[store]\nfolder = "{store}"\n'
        + f'[camera]\nkind = "replay"\npath = "{clip}"\nloop = true\n'
    )
    daemon = DaemonProcess(config, site.folder / "daemon.log")
    daemon.start()
    try:
        daemon.wait_ready()
        yield daemon
    finally:
        daemon.kill()


def answers(done: Done) -> dict[str, str]:
    return {one["dev"]: one["status"] for one in json.loads(done.out)}


def refused(done: Done, *words: str, code: int = 7) -> None:
    assert done.is_one_line_error, done
    assert done.code == code
    assert all(word in done.err.splitlines()[-1] for word in words), done.err


def doors(site: FleetSite, *arguments: object) -> dict[str, Any]:
    return {one["dev"]: one["doors"].get("main", {}) for one in site.told("anna", "list", *arguments)}


def test_the_devices_are_listed(site: FleetSite) -> None:
    listed = site.told("anna", "list", "--group", "lobby")
    assert [one["dev"] for one in listed] == SIMS
    assert {one["state"] for one in listed} == {"ready"}
    table = site.by("ben", "list").out
    assert all(name in table for name in (*SIMS, "the hub is ready"))
    assert site.told("ben", "list", "--state", "lost") == []


def test_the_shell_completes_devices_and_groups(site: FleetSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_OSTIARY_COMPLETE", "complete_bash")
    config = site.bundles / "ben" / "ostiary.toml"
    for words, offered in (("unlock sim-", SIMS), ("watch --group l", ["lobby"]), ("logs nobody-", [])):
        monkeypatch.setenv("COMP_WORDS", f"ostiary -c {config} fleet {words}")
        monkeypatch.setenv("COMP_CWORD", str(3 + len(words.split())))
        assert ostiary().out.split() == offered


def test_doors_open_one_by_one_in_groups_and_all_of_them_only_for_two(site: FleetSite) -> None:
    assert site.told("anna", "unlock", "sim-1", "--seconds", "0.5")[0]["status"] == "succeeded"
    assert [one["dev"] for one in site.told("anna", "unlock", "--group", "lobby")] == SIMS
    for who in ("anna", "eve"):
        one_alone = site.by(who, "unlock", "--all", "--json")
        assert one_alone.code == 1
        assert set(answers(one_alone).values()) == {"rejected"}
        assert "2 keys with the role emergency" in one_alone.err
    both = site.by("eve", "unlock", "--all", "--cosign", site.bundles / "fay" / "signing.pem", "--json")
    assert answers(both).items() >= dict.fromkeys(SIMS, "succeeded").items()


def test_a_posture_is_set_shown_and_cleared(site: FleetSite) -> None:
    site.told("anna", "posture", "lockdown", "--group", "lobby", "--until", "30m", "--reason", "drill")
    until(lambda: doors(site, "--group", "lobby")["sim-1"]["posture"] == "lockdown", "lockdown")
    assert "main lockdown" in site.by("ben", "list").out
    locked = site.by("anna", "unlock", "sim-1", "--json")
    assert (locked.code, answers(locked)) == (1, {"sim-1": "rejected"})
    site.told("anna", "posture", "clear", "--group", "lobby")
    assert site.told("anna", "acknowledge", "sim-1")[0]["detail"] == {"forced": False}
    until(lambda: doors(site, "--group", "lobby")["sim-1"]["posture"] == "secure", "the usual posture")


def test_a_person_comes_goes_and_is_erased(site: FleetSite) -> None:
    added = site.told("anna", "people", "add", "ada", PICTURE, "--name", "Ada Adams", "--group", "staff")
    assert (added["faces"], added["refused"]) == (1, [])
    (ada,) = site.told("anna", "people", "list")
    assert (ada["name"], ada["groups"], ada["faces"], ada["revoked"]) == ("Ada Adams", ["staff"], 1, False)
    until(
        lambda: site.told("anna", "people", "status")["galleries"][0]["devices"]["in_step"] >= DOORS,
        "doors in step with it",
    )
    assert site.told("anna", "revoke", "ada")["version"] > added["version"]
    assert site.told("anna", "people", "list")[0]["revoked"] is True
    assert {one["status"] for one in site.told("anna", "revoke", "ada", "--direct")} == {"succeeded"}
    assert "erased" in site.by("anna", "people", "remove", "ada").out
    assert site.told("anna", "people", "list") == []
    assert site.told("anna", "people", "offers") == []
    assert site.told("anna", "sync", "sim-1")[0]["status"] == "succeeded"


def test_events_are_listed_in_pages_and_followed(site: FleetSite) -> None:
    for _ in range(3):
        site.told("anna", "identify", "sim-2", "--seconds", "1")
    site.told("anna", "unlock", "sim-2")
    until(
        lambda: site.told("anna", "events", "--device", "sim-2", "--type", "access.granted"),
        "the event at the hub",
    )
    everything = site.told("anna", "events", "--device", "sim-2", "--limit", "1000", "--since", "1h")
    numbers = [one["number"] for one in everything]
    assert numbers == sorted(numbers)
    newest = site.told("anna", "events", "--device", "sim-2", "--limit", "2")
    assert newest == everything[-2:]
    assert "access.granted" in site.by("anna", "events", "--class", "access").out
    followed = site.lines("anna", 2, "events", "--follow", "--json", "--limit", "2", "--device", "sim-2")
    assert [one["id"] for one in followed] == [one["id"] for one in newest]
    assert site.by("anna", "alarms").out == "no alarm\n"


def test_what_is_watched_comes_line_by_line(site: FleetSite) -> None:
    seen = site.lines("ben", 3 * DOORS, "watch", "--json", "--group", "lobby")
    assert {one["dev"] for one in seen} <= set(SIMS)
    assert {one["topic"] for one in seen} <= {"info", "state", "door/main/state"}


def test_settings_go_to_a_group_and_what_is_local_is_refused(site: FleetSite) -> None:
    site.told("anna", "config", "set", "--group", "lobby", "--set", "door.unlock_s=4.5")
    assert "1 device" in site.by("anna", "config", "set", "sim-1", "--set", "log.level=debug").out

    def states() -> set[str]:
        return {
            one["state"]
            for one in site.told("anna", "config", "list")["devices"]
            if one["dev"] in SIMS and one["reported"] == one["desired"]
        }

    until(lambda: states() == {"applied"}, "settings that are applied", 30.0)
    assert "door.unlock_s=4.5" in site.by("anna", "config", "list").out
    refused(site.by("anna", "config", "set", "--all", "--set", "mqtt.host=other"), "mqtt.host")
    refused(site.by("anna", "config", "set", "--all", "--set", "host=other"), "SECTION.KEY=VALUE")


def test_a_model_is_rolled_out_in_steps(site: FleetSite) -> None:
    model = ROOT / "models" / "detection-near.toml"
    quick = ("--group", "lobby", "--model", model, "--steps", "100", "--pause", "0")
    done = site.told("anna", "rollout", "start", *quick, "--name", "first", "--follow")
    assert (done["state"], done["counts"]) == ("done", {"succeeded": DOORS})
    slow = ("sim-1", "sim-2", "--model", model, "--steps", "50,100", "--pause", "600", "--name", "second")
    assert "2 devices" in site.by("anna", "rollout", "start", *slow).out
    assert site.told("anna", "rollout", "pause", "second")["state"] == "paused"
    assert site.told("anna", "rollout", "resume", "second")["state"] == "running"
    assert "second: aborted" in site.by("anna", "rollout", "abort", "second").out
    assert [one["rollout"] for one in site.told("anna", "rollout", "list")] == ["second", "first"]
    jobs = site.told("anna", "rollout", "show", "second", "--follow")["jobs"]
    assert {one["dev"] for one in jobs} == {"sim-1", "sim-2"}
    assert "aborted" in site.by("anna", "rollout", "show", "second").out
    refused(site.by("anna", "rollout", "show", "third"), "no roll-out third")
    refused(site.by("anna", "rollout", "start", "--all"), "--model")
    refused(site.by("anna", "rollout", "start", "--all", "--model", PICTURE), "manifest", code=2)
    refused(site.by("anna", "rollout", "start", "--all", "--software", PICTURE), "wheel", code=2)


def test_a_real_door_gives_its_log_a_picture_and_its_own_opinion(
    site: FleetSite, door: DaemonProcess
) -> None:
    told = site.told("anna", "logs", "real-1", "--lines", "400")
    assert any("ready" in line for line in told["lines"])
    picture = site.folder / "door.jpg"
    assert "bytes" in site.by("anna", "snapshot", "real-1", picture, "--width", "160").out
    assert cv2.imread(str(picture)).shape == (120, 160, 3)
    tested = site.by("anna", "selftest", "real-1", "--json")
    (result,) = json.loads(tested.out)
    assert result["status"] == "succeeded"
    assert (tested.code == 0) == result["detail"]["ok"]
    shown = site.told("anna", "config", "show", "real-1", "door", "fleet.groups")
    assert (shown["fleet"], "unlock_s" in shown["door"]) == ({"groups": ["vault"]}, True)
    assert "unlock_s" in site.by("anna", "config", "show", "real-1", "door").out
    assert site.told("anna", "identify", "real-1")[0]["detail"] == {"by": "log"}
    assert site.told("anna", "restart", "real-1")[0]["status"] == "succeeded"
    assert door.wait(30.0) == 75
    absent = site.by("anna", "unlock", "real-1", "sim-1", "--json")
    assert (absent.code, answers(absent)) == (1, {"real-1": "offline", "sim-1": "succeeded"})
    refused(site.by("anna", "logs", "real-1"), "real-1 is disconnected")


def test_what_a_device_cannot_do_is_said(site: FleetSite) -> None:
    refused(site.by("anna", "logs", "sim-1"), "sim-1 refuses log.upload")
    refused(site.by("anna", "snapshot", "sim-1", site.folder / "none.jpg"), "fleet.pictures")
    assert not (site.folder / "none.jpg").exists()
    refused(site.by("anna", "logs", "sim-77"), "sim-77 was never heard of")
    unknown = site.by("anna", "unlock", "sim-77", "--json")
    assert (unknown.code, answers(unknown)) == (1, {"sim-77": "unknown"})
    refused(site.by("anna", "unlock", "--group", "attic"), "no device in the group attic is connected")
    refused(site.by("anna", "unlock", "sim 1"), "sim 1", code=2)
    refused(site.by("anna", "unlock"), "--group GROUP, or --all")
    refused(site.by("anna", "unlock", "sim-1", "--all"), "--group GROUP, or --all")
    refused(site.by("anna", "posture", "lockdown", "sim-1", "--until", "soon"), "'soon' is no time")
    refused(site.by("anna", "revoke", "nobody"), "no such person")


def test_who_may_not_is_told_what_it_takes(site: FleetSite) -> None:
    for order in (["unlock", "sim-1"], ["events"], ["revoke", "ada"]):
        refused(site.by("ben", *order), "ben has no key to sign with", "--role")
    refused(site.by("eve", "people", "remove", "ada"), "gallery.remove takes the role gallery")
    refused(site.by("eve", "people", "list"), "fleet.gallery_key is not set", code=2)
    refused(site.by("eve", "logs", "sim-1"), "log.upload takes the role operator")
    restarted = site.by("eve", "restart", "sim-1", "--json")
    assert answers(restarted) == {"sim-1": "rejected"}
    assert "device.restart takes the role operator or configuration" in restarted.err


def test_whose_key_or_certificate_is_not_right_gets_nowhere(site: FleetSite) -> None:
    wrong = site.by("mallory", "unlock", "sim-1", "--json")
    assert (wrong.code, answers(wrong)) == (1, {"sim-1": "rejected"})
    assert "provision keys --publish" in wrong.err
    refused(site.by("mallory", "events"), "the key is not known here")
    refused(site.by("old", "list"), "operator.crt ended on 200", "--renew", code=KeyUnusable.exit_code)
    error = json.loads(site.by("old", "list", "--json").out)["error"]
    assert "certificate" in error["message"]


def test_a_door_that_is_gone_is_shut_out_and_forgotten(site: FleetSite) -> None:
    assert site.told("anna", "show", "sim-4")["groups"] == ["lobby"]
    assert "lobby" in site.by("anna", "show", "sim-4").out
    refused(site.by("anna", "show", "sim-77"), "never heard of sim-77")
    site.provision_more("revoke", "sim-4")
    site.reload_broker()
    assert answers(site.by("anna", "unlock", "sim-4", "--json", "--wait", "1")) == {"sim-4": "no_answer"}
    assert "forgotten" in site.by("anna", "forget", "sim-4").out
    until(lambda: "sim-4" not in doors(site), "a list without it")
    refused(site.by("anna", "show", "sim-4"), "never heard of sim-4")
    assert site.told("anna", "events", "--device", "sim-4") != []
    refused(site.by("anna", "forget", "sim-4"), "sim-4")


def test_without_a_hub_doors_still_obey(site: FleetSite) -> None:
    site.stop("hub")
    assert site.told("anna", "unlock", "sim-1")[0]["status"] == "succeeded"
    refused(site.by("anna", "events"), "the hub is disconnected", "ostiary hub run", code=9)
    assert "the hub is disconnected" in site.by("ben", "list").out


def test_without_a_broker_one_line_says_so(site: FleetSite) -> None:
    site.stop("broker")
    refused(site.by("anna", "list"), "start the broker", code=9)
    done = site.by("anna", "unlock", "sim-1", "--json")
    assert done.code == 9
    assert "broker" in json.loads(done.out)["error"]["message"]


def test_without_a_configuration_it_is_said_which_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    refused(ostiary("fleet", "list"), "no broker is configured", "ostiary join", code=2)
