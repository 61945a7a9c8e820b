"""Jobs: a model, a software or a configuration that the site has a device take over, and how that goes."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from edge.core.config_document import Desired, read_desired
from edge.core.events import Json
from edge.errors import MessageMalformed

CHUNK_BYTES = 49_152
"""Every piece of a file but the last: with its digest it fits into a message of any session."""
LONGEST_MANIFEST = 32_768
_ID = re.compile(r"[a-z0-9-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHEEL = re.compile(r"ostiary-[0-9A-Za-z.+_]{1,64}-py3-none-any\.whl")
_VERSION = re.compile(r"[0-9A-Za-z.+_]{1,64}")
_LARGEST = 1 << 40
_THOUSAND = 1000


class JobKind(StrEnum):
    MODEL = "model"
    SOFTWARE = "software"
    CONFIG = "config"


class JobStatus(StrEnum):
    """Where a job is; the last three are final."""

    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"

    @property
    def is_final(self) -> bool:
        return self not in (JobStatus.ACCEPTED, JobStatus.IN_PROGRESS)


class Step(StrEnum):
    """What a job is at. SHADOW: the new model looks at the same faces beside the one in charge."""

    DOWNLOAD = "download"
    CHECK = "check"
    SHADOW = "shadow"
    INSTALL = "install"
    TRIAL = "trial"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file to fetch. url: https; without one it comes in pieces over MQTT."""

    sha256: str
    bytes: int
    url: str | None = None

    @property
    def chunks(self) -> int:
        return -(-self.bytes // CHUNK_BYTES)


@dataclass(frozen=True, slots=True)
class ShadowTerms:
    """When a new model has looked long enough, and when it did well: after `faces` of them, or `seconds` when
    fewer came. agreement: how often it must say the same, at least. difference: between its figures and the
    others, on average, at most. Both per mille."""

    seconds: int = 3600
    faces: int = 200
    agreement: int = 950
    difference: int = 100


@dataclass(frozen=True, slots=True)
class ModelJob:
    """manifest: TOML. shadow: None to leave that out."""

    id: str
    manifest: str
    file: FileSpec
    shadow: ShadowTerms | None = None
    kind: JobKind = JobKind.MODEL


@dataclass(frozen=True, slots=True)
class SoftwareJob:
    """version: of the wheel called `name`."""

    id: str
    version: str
    name: str
    file: FileSpec
    kind: JobKind = JobKind.SOFTWARE


@dataclass(frozen=True, slots=True)
class ConfigJob:
    id: str
    desired: Desired
    kind: JobKind = JobKind.CONFIG


Job: TypeAlias = ModelJob | SoftwareJob | ConfigJob


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """How a job goes. percent: of all. reason: a stable word where it did not go well. detail: figures."""

    job: str
    kind: str
    status: JobStatus
    step: Step
    percent: int = 0
    reason: str = ""
    detail: dict[str, Json] = field(default_factory=dict)

    def body(self) -> dict[str, Json]:
        optional: dict[str, Json] = {"reason": self.reason} if self.reason else {}
        if self.detail:
            optional["detail"] = self.detail
        return {
            "job": self.job,
            "kind": self.kind,
            "status": self.status.value,
            "step": self.step.value,
            "percent": self.percent,
            **optional,
        }


def read_update(body: Json) -> JobUpdate:
    """Read the body of `job.update`. Raises MessageMalformed."""
    if not isinstance(body, dict):
        raise MessageMalformed("a job's update is not an object")
    detail = body.get("detail", {})
    try:
        status, step = JobStatus(_text(body, "status")), Step(_text(body, "step"))
    except ValueError as error:
        raise MessageMalformed(f"{error} in a job's update") from error
    percent, reason = _count(body, "percent", 0, 100), body.get("reason", "")
    if not isinstance(detail, dict) or not isinstance(reason, str):
        raise MessageMalformed("reason or detail of a job's update has another type")
    return JobUpdate(job_id(body), _text(body, "kind"), status, step, percent, reason, detail)


def job_id(body: dict[str, Json]) -> str:
    """The id of a job. Raises MessageMalformed."""
    value = body.get("job")
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise MessageMalformed("'job' is not 1 to 64 of a-z, 0-9 and -; give the job such an id")


def read_job(body: dict[str, Json]) -> Job:
    """Read the body of `job.next` or of the command `job.run`. Raises MessageMalformed."""
    identifier = job_id(body)
    rest = {key: value for key, value in body.items() if key not in ("job", "kind")}
    match body.get("kind"):
        case JobKind.MODEL.value:
            _only(rest, {"manifest", "file"}, {"shadow"})
            manifest = _text(rest, "manifest")
            if len(manifest) > LONGEST_MANIFEST:
                raise MessageMalformed(f"the manifest is longer than {LONGEST_MANIFEST} characters")
            return ModelJob(identifier, manifest, _file(rest["file"]), _shadow(rest.get("shadow")))
        case JobKind.SOFTWARE.value:
            _only(rest, {"version", "name", "file"})
            version, name = _text(rest, "version"), _text(rest, "name")
            if not _VERSION.fullmatch(version) or not _WHEEL.fullmatch(name):
                raise MessageMalformed("'name' is no wheel of ostiary for every machine, or 'version' is odd")
            if not name.startswith(f"ostiary-{version}-"):
                raise MessageMalformed(f"the wheel {name} is not of version {version}")
            return SoftwareJob(identifier, version, name, _file(rest["file"]))
        case JobKind.CONFIG.value:
            return ConfigJob(identifier, read_desired(rest))
        case _:
            raise MessageMalformed(f"'kind' of a job must be one of {', '.join(JobKind)}")


def _file(value: Json) -> FileSpec:
    if not isinstance(value, dict):
        raise MessageMalformed("'file' is not an object {sha256, bytes, url?}")
    _only(value, {"sha256", "bytes"}, {"url"})
    sha256, url = _text(value, "sha256"), value.get("url")
    if not _SHA256.fullmatch(sha256):
        raise MessageMalformed("'sha256' is not 64 lower-case hexadecimal digits")
    if url is not None and not (isinstance(url, str) and url.startswith("https://") and url.isascii()):
        raise MessageMalformed("'url' does not begin with https://; files are fetched over TLS only")
    return FileSpec(sha256, _count(value, "bytes", 1, _LARGEST), url)


def _shadow(value: Json) -> ShadowTerms | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise MessageMalformed("'shadow' is not an object {seconds, faces, agreement, difference}")
    _only(value, frozenset(), {"seconds", "faces", "agreement", "difference"})
    usual = ShadowTerms()
    return ShadowTerms(
        seconds=_count(value, "seconds", 1, 604_800, usual.seconds),
        faces=_count(value, "faces", 1, 1_000_000, usual.faces),
        agreement=_count(value, "agreement", 0, _THOUSAND, usual.agreement),
        difference=_count(value, "difference", 0, _THOUSAND, usual.difference),
    )


def _only(table: dict[str, Json], needed: Set[str], more: Set[str] = frozenset()) -> None:
    if not needed <= table.keys() <= needed | more:
        keys = ", ".join([*sorted(needed), *(f"[{key}]" for key in sorted(more))])
        raise MessageMalformed(f"a job needs the keys {keys}; those in brackets may be left out")


def _text(table: dict[str, Json], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise MessageMalformed(f"{key!r} of a job is not a text")
    return value


def _count(table: dict[str, Json], key: str, least: int, most: int, usual: int | None = None) -> int:
    value = table.get(key, usual)
    if type(value) is not int or not least <= value <= most:
        raise MessageMalformed(f"{key!r} of a job is not a whole number from {least} to {most}")
    return value
