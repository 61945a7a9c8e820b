"""The configuration, parsed once and frozen.

defaults < /etc/ostiary/ostiary.toml < credentials directory < OSTIARY_* environment < command line.
Nested keys in the environment are joined by two underscores: OSTIARY_MQTT__HOST=broker.local.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSource

from edge.core.tracking import WHOLE_FRAME, Polygon
from edge.errors import SettingsError

DEFAULT_FILE = Path("/etc/ostiary/ostiary.toml")
_OTHER_VARIABLES = ("OSTIARY_CONFIG", "OSTIARY_EVAL_DATA")
_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_DOOR = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeviceSettings(Section):
    """Who this device is on MQTT: lower-case letters, digits and hyphens. trust_clock: take the time of
    day as right even though the kernel does not call it synchronized (a host or an RTC keeps it)."""

    site: str = Field(default="site", pattern=_ID)
    id: str = Field(default="door-1", pattern=_ID)
    trust_clock: bool = False


class ReplaySettings(Section):
    """A clip or a folder of pictures instead of a camera."""

    kind: Literal["replay"]
    path: Path
    realtime: bool = True
    fps: float | None = Field(default=None, gt=0, le=240)
    loop: bool = False


class OpenCvSettings(Section):
    """V4L2 (`/dev/video0`, 0), RTSP or HTTP (an address), or a GStreamer pipeline."""

    kind: Literal["opencv"]
    source: str | int = "/dev/video0"
    width: int = Field(default=640, ge=160, le=4096)
    height: int = Field(default=480, ge=120, le=4096)
    fps: float | None = Field(default=None, gt=0, le=240)


class JetsonSettings(Section):
    """The CSI camera of a Jetson, through nvarguscamerasrc."""

    kind: Literal["jetson"]
    sensor: int = Field(default=0, ge=0, le=5)
    width: int = Field(default=1280, ge=160, le=4096)
    height: int = Field(default=720, ge=120, le=4096)
    fps: int = Field(default=30, gt=0, le=120)


class PicameraSettings(Section):
    """The camera of a Raspberry Pi, through picamera2."""

    kind: Literal["picamera2"]
    index: int = Field(default=0, ge=0, le=3)
    width: int = Field(default=640, ge=160, le=4096)
    height: int = Field(default=480, ge=120, le=4096)
    fps: float = Field(default=15.0, gt=0, le=120)


CameraSettings = Annotated[
    ReplaySettings | OpenCvSettings | JetsonSettings | PicameraSettings, Field(discriminator="kind")
]


class VisionSettings(Section):
    """zone: the door zone, a polygon in fractions of width and height; only a face in it may open.
    face_px: the smallest face, in pixels of the frame, that is compared."""

    engine: Literal["auto", "litert", "tflite-runtime"] = "auto"
    threads: int = Field(default=1, ge=1, le=8)
    zone: Polygon = WHOLE_FRAME
    face_px: float = Field(default=64.0, ge=32, le=1000)

    @field_validator("zone")
    @classmethod
    def _is_polygon(cls, zone: Polygon) -> Polygon:
        if len(zone) < 3 or any(not 0 <= v <= 1 for point in zone for v in point):
            raise ValueError("a zone needs at least 3 points [x, y], each between 0 and 1")
        return zone


class RecognitionSettings(Section):
    """far: the false accept rate of one stranger's visit against the whole gallery; the threshold
    follows from the model's curve and the number of people. margin: similarity that the best person
    must lead the second by. agree of window: frames that must name the same person."""

    far: float = Field(default=1e-3, gt=0, lt=0.5)
    margin: float = Field(default=0.015, ge=0, le=1)
    agree: int = Field(default=3, ge=1, le=30)
    window: int = Field(default=8, ge=1, le=60)

    @model_validator(mode="after")
    def _agree_fits(self) -> RecognitionSettings:
        if self.agree > self.window:
            raise ValueError(f"agree ({self.agree}) must not exceed window ({self.window})")
        return self


class LivenessSettings(Section):
    """threshold: mean liveness (0..1) a face needs; absent, the model's own. frames: how many it needs."""

    threshold: float | None = Field(default=None, gt=0, lt=1)
    frames: int = Field(default=5, ge=1, le=30)


class DoorSettings(Section):
    """kind `gpio` drives real lines, `simulated` gpiozero's mock pins. A board profile of hardware/
    names the pins; a pin given here wins. Pins are BCM numbers; -1 means that nothing is wired.
    rex_unlocks, fire_unlocks: whether the relay follows these inputs, on top of the wiring that must
    let people out without software."""

    kind: Literal["gpio", "simulated"] = "simulated"
    name: str = Field(default="main", pattern=_DOOR)
    board: str | None = None
    lock_type: Literal["strike", "maglock"] = "strike"
    lock_pin: int | None = None
    lock_active_high: bool | None = None
    contact_pin: int | None = None
    rex_pin: int | None = None
    tamper_pin: int | None = None
    fire_pin: int | None = None
    unlock_s: float = Field(default=5.0, ge=1, le=60)
    grace_s: float = Field(default=5.0, ge=0, le=60)
    held_open_s: float = Field(default=30.0, ge=1, le=900)
    rex_window_s: float = Field(default=7.0, ge=1, le=60)
    relock_on_close: bool = True
    rex_unlocks: bool = False
    fire_unlocks: bool = False
    edge_log: Path | None = None


class EnrollmentSettings(Section):
    """frames: good frames a live enrolment takes. faces_per_person: more are refused.
    duplicate_far: a new face that matches another person at this false accept rate is a duplicate."""

    frames: int = Field(default=5, ge=1, le=20)
    faces_per_person: int = Field(default=20, ge=1, le=248)
    duplicate_far: float = Field(default=1e-4, gt=0, lt=0.5)


class StoreSettings(Section):
    """keep_days: how long decisions and answered command ids are kept. outbox_limit: how many events may
    wait for the broker."""

    folder: Path = Path("/var/lib/ostiary")
    outbox_limit: int = Field(default=100_000, ge=100)
    keep_days: int = Field(default=90, ge=1, le=3650)

    @property
    def file(self) -> Path:
        return self.folder / "ostiary.db"


class MqttSettings(Section):
    """Without a host the daemon works alone and keeps its events. tls: encrypt; a ca_file or a
    certificate says so by itself, and without a ca_file the system's authorities are trusted."""

    host: str | None = None
    port: int = Field(default=1883, ge=1, le=65535)
    version: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = Field(default=30, ge=5, le=600)

    @model_validator(mode="after")
    def _pairs(self) -> MqttSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        return self


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """Everything, by subsystem."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="OSTIARY_", env_nested_delimiter="__"
    )

    device: DeviceSettings = DeviceSettings()
    camera: CameraSettings = OpenCvSettings(kind="opencv")
    vision: VisionSettings = VisionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    liveness: LivenessSettings = LivenessSettings()
    door: DoorSettings = DoorSettings()
    enrollment: EnrollmentSettings = EnrollmentSettings()
    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _life_fits(self) -> Self:
        frames, window = self.liveness.frames, self.recognition.window
        if frames > window:
            raise ValueError(f"liveness.frames ({frames}) must not exceed recognition.window ({window})")
        return self


def load(file: Path | None = None, overrides: dict[str, Any] | None = None) -> Settings:
    """Read the configuration. file: absent, `OSTIARY_CONFIG` or the default one, if it exists.

    overrides: nested values from the command line. Raises SettingsError, whose message names the key.
    """
    named = file or (Path(os.environ["OSTIARY_CONFIG"]) if "OSTIARY_CONFIG" in os.environ else None)
    path = named or DEFAULT_FILE
    _refuse_unknown_variables()
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    try:
        if named is not None and not named.is_file():
            raise SettingsError(f"no configuration file at {named}; give one with --config or leave it out")
        return _settings_class(path, credentials)(**(overrides or {}))
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} or a credential is not text in UTF-8: {error}; correct it") from error
    except UnreadableSource as error:
        raise SettingsError(f"{error}; check OSTIARY_* and the credentials") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; check its permissions") from error


def _settings_class(path: Path, credentials: str | None) -> type[Settings]:
    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
            if credentials is not None:
                sources.append(
                    # Without an explicit prefix this source looks for files that begin with env_prefix.
                    NestedSecretsSettingsSource(
                        file_secret_settings,
                        secrets_dir=credentials,
                        secrets_prefix="",
                        secrets_nested_delimiter=".",
                        secrets_dir_missing="ok",
                    )
                )
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=path))
            return tuple(sources)

    return Loaded


def _explain(error: ValidationError, path: Path) -> str:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    key = ".".join(
        part for i, part in enumerate(where) if not (i == 1 and where[0] == "camera" and i < len(where) - 1)
    )
    if first["type"] == "extra_forbidden":
        known = _keys_beside(where)
        close = get_close_matches(where[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
        return f"unknown configuration key {key} ({path} or OSTIARY_*): {hint}"
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    text = f"{message[:1].lower()}{message[1:]}{more}"
    return f"configuration key {key or '(top)'}: {text}; check {path} and OSTIARY_*"


def _refuse_unknown_variables() -> None:
    """pydantic-settings passes over variables whose first part is no field; a typing error must not."""
    known = [*(f"OSTIARY_{name.upper()}" for name in Settings.model_fields), *_OTHER_VARIABLES]
    for variable in os.environ:
        if variable.startswith("OSTIARY_") and variable.split("__")[0].upper() not in known:
            close = get_close_matches(variable.split("__")[0], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
            raise SettingsError(f"unknown environment variable {variable}: {hint}")


def _keys_beside(where: list[str]) -> list[str]:
    if len(where) == 1:
        return list(Settings.model_fields)
    if where[0] == "camera":
        kinds: dict[str, type[Section]] = {
            "replay": ReplaySettings,
            "opencv": OpenCvSettings,
            "jetson": JetsonSettings,
            "picamera2": PicameraSettings,
        }
        return list(kinds[where[1]].model_fields) if where[1] in kinds else []
    section = Settings.model_fields[where[0]].annotation
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
