"""Everything that can be set, one frozen section for each subsystem; `configuration` reads it."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    SettingsConfigDict,
)

from edge.core.limits import DEFAULT_LIMITS
from edge.core.tracking import WHOLE_FRAME, Polygon
from edge.fleet_settings import (
    FleetSettings,
    HomeAssistantSettings,
    HubSettings,
    MetricsSettings,
    OtaSettings,
)
from edge.liveness_settings import LivenessSettings
from edge.mqtt_settings import MqttSettings
from edge.section import Section
from edge.time_zone import zone

_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_DOOR = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"


class DeviceSettings(Section):
    """Who this device is on MQTT: lower-case letters, digits and hyphens. trust_clock: take the time of
    day as right even though the kernel does not call it synchronized (a host or an RTC keeps it). time_zone:
    of the schedules, as the IANA calls it (Europe/Berlin)."""

    site: str = Field(default="site", pattern=_ID)
    id: str = Field(default="door-1", pattern=_ID)
    trust_clock: bool = False
    time_zone: str = "UTC"

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        zone(name)
        return name

    @property
    def zone(self) -> tzinfo:
        return zone(self.time_zone)


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


OneCameraSettings = Annotated[
    ReplaySettings | OpenCvSettings | JetsonSettings | PicameraSettings, Field(discriminator="kind")
]


class PairedSettings(Section):
    """A color camera and an infrared one beside it, with its lamp. apart_s: how far apart in time two
    pictures of one moment may be."""

    kind: Literal["paired"]
    color: OneCameraSettings
    infrared: OneCameraSettings
    apart_s: float = Field(default=0.1, gt=0, le=1)


CameraSettings = Annotated[
    ReplaySettings | OpenCvSettings | JetsonSettings | PicameraSettings | PairedSettings,
    Field(discriminator="kind"),
]


class VisionSettings(Section):
    """zone: the door zone, a polygon in fractions of width and height; only a face in it may open.
    face_px: the smallest face, in pixels of the frame, that is compared. embedding: the name of the
    embedding in `models/`; the default one without it. Templates of another embedding are kept, and match
    nobody."""

    engine: Literal["auto", "litert", "tflite-runtime"] = "auto"
    threads: int = Field(default=1, ge=1, le=8)
    zone: Polygon = WHOLE_FRAME
    face_px: float = Field(default=64.0, ge=32, le=1000)
    embedding: str | None = None

    @field_validator("zone")
    @classmethod
    def _is_polygon(cls, zone: Polygon) -> Polygon:
        if len(zone) < 3 or any(not 0 <= v <= 1 for point in zone for v in point):
            raise ValueError("a zone needs at least 3 points [x, y], each between 0 and 1")
        return zone


class RecognitionSettings(Section):
    """far: the false accept rate of one stranger's visit against the whole gallery; the threshold
    follows from the model's curve and the number of people. margin: similarity that the best person
    must lead the second by. agree of window: frames that must name the same person. strangers_per_day:
    how many visits of strangers the doctor and the start of the daemon reckon with when they tell how
    often one will be let in."""

    far: float = Field(default=1e-3, gt=0, lt=0.5)
    margin: float = Field(default=0.01, ge=0, le=1)
    agree: int = Field(default=3, ge=1, le=30)
    window: int = Field(default=8, ge=1, le=60)
    strangers_per_day: float = Field(default=20.0, ge=0, le=1e6)

    @model_validator(mode="after")
    def _agree_fits(self) -> RecognitionSettings:
        if self.agree > self.window:
            raise ValueError(f"agree ({self.agree}) must not exceed window ({self.window})")
        return self


class DoorSettings(Section):
    """kind `gpio` drives real lines, `simulated` gpiozero's mock pins. A board profile of hardware/
    names the pins; a pin given here wins. Pins are BCM numbers; -1 means that nothing is wired.
    led_pin: a lamp that blinks when the device is asked to show itself.
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
    led_pin: int | None = None
    unlock_s: float = Field(default=5.0, ge=1, le=60)
    grace_s: float = Field(default=5.0, ge=0, le=60)
    held_open_s: float = Field(default=30.0, ge=1, le=900)
    rex_window_s: float = Field(default=7.0, ge=1, le=60)
    relock_on_close: bool = True
    rex_unlocks: bool = False
    fire_unlocks: bool = False
    edge_log: Path | None = None


class EnrollmentSettings(Section):
    """frames: good frames a live enrolment takes.
    duplicate_far: a new face that matches another person is a duplicate; the rate at which a stranger
    would, compared with the whole gallery."""

    frames: int = Field(default=5, ge=1, le=20)
    duplicate_far: float = Field(default=1e-4, gt=0, lt=0.5)


class PictureSettings(Section):
    """Which pictures of a request are read: bytes of the file, the longer side of a JPEG and of a PNG or BMP,
    the shorter side, all in pixels. faces: how many one request may group or compare with. People may be
    enrolled from larger pictures, such as a telephone takes."""

    max_bytes: int = Field(default=5 * 1024 * 1024, ge=1024, le=100_000_000)
    jpeg_side: int = Field(default=4000, ge=64, le=20_000)
    other_side: int = Field(default=2000, ge=64, le=20_000)
    least_side: int = Field(default=64, ge=1, le=2000)
    faces: int = Field(default=1000, ge=2, le=5000)


class LimitSettings(Section):
    """What the device takes; the meaning of each is in `core.limits.GalleryLimits`. Where comparable services
    differ, the default is one of them and the other can be set: 20,000 or 1,000,000 people in a group; 5, 20
    or 248 faces of a person."""

    id_length: int = Field(default=DEFAULT_LIMITS.id_length, ge=1, le=64)
    name_length: int = Field(default=DEFAULT_LIMITS.name_length, ge=1, le=200)
    tag_length: int = Field(default=DEFAULT_LIMITS.tag_length, ge=0, le=200)
    field_length: int = Field(default=DEFAULT_LIMITS.field_length, ge=1, le=200)
    value_length: int = Field(default=DEFAULT_LIMITS.value_length, ge=1, le=200)
    groups: int = Field(default=DEFAULT_LIMITS.groups, ge=1, le=100_000)
    groups_per_person: int = Field(default=DEFAULT_LIMITS.groups_per_person, ge=1, le=1_000)
    groups_per_request: int = Field(default=DEFAULT_LIMITS.groups_per_request, ge=1, le=1_000)
    people_per_group: int = Field(default=DEFAULT_LIMITS.people_per_group, ge=1, le=1_000_000)
    faces_per_person: int = Field(default=DEFAULT_LIMITS.faces_per_person, ge=1, le=248)
    faces_per_group: int = Field(default=DEFAULT_LIMITS.faces_per_group, ge=1, le=10_000_000)
    faces: int = Field(default=DEFAULT_LIMITS.faces, ge=1, le=10_000_000)
    uploads: int = Field(default=DEFAULT_LIMITS.uploads, ge=1, le=248)
    page: int = Field(default=DEFAULT_LIMITS.page, ge=1, le=100_000)
    search_people: int = Field(default=DEFAULT_LIMITS.search_people, ge=1, le=1_000)
    search_faces: int = Field(default=DEFAULT_LIMITS.search_faces, ge=1, le=10_000_000)


class StoreSettings(Section):
    """keep_days: how long decisions and answered command ids are kept. outbox_limit: how many events may
    wait for the broker."""

    folder: Path = Path("/var/lib/ostiary")
    outbox_limit: int = Field(default=100_000, ge=100)
    keep_days: int = Field(default=90, ge=1, le=3650)

    @property
    def file(self) -> Path:
        return self.folder / "ostiary.db"


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
    pictures: PictureSettings = PictureSettings()
    limits: LimitSettings = LimitSettings()
    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    fleet: FleetSettings = FleetSettings()
    ota: OtaSettings = OtaSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    metrics: MetricsSettings = MetricsSettings()
    hub: HubSettings = HubSettings()
    log: LogSettings = LogSettings()
