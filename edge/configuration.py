"""Read the configuration from all its sources, and say in one line what is wrong with it.

defaults < /etc/ostiary/ostiary.toml < remote.toml of the store's folder < credentials directory
< OSTIARY_* environment < command line. The remote layer is what the site has set from afar. The credentials
directory is the one that systemd names, or else `credentials` beside the file, as a bundle has it.
Nested keys in the environment are joined by two underscores: OSTIARY_MQTT__HOST=broker.local.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSource

from edge.core import remote_note
from edge.core.config_document import Layer, laid_over
from edge.core.remote_note import RemoteNote
from edge.errors import MessageMalformed, SettingsError
from edge.section import Section
from edge.settings import (
    JetsonSettings,
    OpenCvSettings,
    PairedSettings,
    PicameraSettings,
    ReplaySettings,
    Settings,
)

DEFAULT_FILE = Path("/etc/ostiary/ostiary.toml")
_CAMERAS: dict[str, type[Section]] = {
    "replay": ReplaySettings,
    "opencv": OpenCvSettings,
    "jetson": JetsonSettings,
    "picamera2": PicameraSettings,
    "paired": PairedSettings,
}
_OTHER_VARIABLES = ("OSTIARY_CONFIG", "OSTIARY_EVAL_DATA")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a process reads its configuration. file: absent, `OSTIARY_CONFIG` or the default one, if there is
    one. overrides: nested values from the command line."""

    file: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)

    def load(self, layer: Layer | None = None) -> Settings:
        """Read the configuration. layer: takes the place of the remote one that is in force.

        Raises SettingsError, whose message names the key.
        """
        path = self._path
        with _told(path):
            if layer is not None:
                return self._settings(layer)[0]
            local = self._settings({})[0]
            kept = remote_layer(local)
            return self._settings(kept)[0] if kept else local

    def refusals(self, layer: Layer) -> dict[str, str]:
        """Why the configuration with this remote layer would not do, by key; empty when it would.

        Raises SettingsError when it cannot be read at all.
        """
        with _told(self._path):
            try:
                self._settings(layer)
            except ValidationError as error:
                return {_key(one) or "settings": _reason(one) for one in error.errors()}
        return {}

    def origins(self) -> list[Origin]:
        """Every value in force and where it comes from, by key. Raises SettingsError."""
        with _told(self._path):
            local = self._settings({})[0]
            settings, layers = self._settings(remote_layer(local))
            tables = [(name, source()) for name, source in layers]
        return [
            Origin(key, value, next((name for name, table in tables if _has(table, key)), "default"))
            for key, value in _leaves(settings.model_dump(mode="json"))
        ]

    @property
    def _path(self) -> Path:
        return self._named or DEFAULT_FILE

    @property
    def _named(self) -> Path | None:
        return self.file or (Path(os.environ["OSTIARY_CONFIG"]) if "OSTIARY_CONFIG" in os.environ else None)

    def _settings(self, layer: Layer) -> tuple[Settings, list[tuple[str, PydanticBaseSettingsSource]]]:
        """The settings, and the sources they were read from, the strongest first."""
        _refuse_unknown_variables()
        if self._named is not None and not self._named.is_file():
            raise SettingsError(
                f"no configuration file at {self._named}; give one with --config or leave it out"
            )
        table: dict[str, Any] = tomllib.loads(self._path.read_text("utf-8")) if self._path.is_file() else {}
        layers: list[tuple[str, PydanticBaseSettingsSource]] = []
        kind = _settings_class(table, layer, _credentials(self._path), layers)
        return kind(**self.overrides), layers


@dataclass(frozen=True, slots=True)
class Origin:
    """One value in force. value: as JSON; secrets are stars. source: where it was set."""

    key: str
    value: Any
    source: str


def operator_folder() -> Path:
    """What somebody who orders doors about from this machine has of the site."""
    return Path.home() / ".config" / "ostiary"


def load(file: Path | None = None, overrides: dict[str, Any] | None = None) -> Settings:
    """Read the configuration from everywhere; see `Sources`. Raises SettingsError."""
    return Sources(file, overrides or {}).load()


def remote_file(settings: Settings) -> Path:
    """What the daemon keeps of the site's configuration; without it the device has only its own."""
    return settings.store.folder / "remote.toml"


def remote_note_of(settings: Settings) -> RemoteNote:
    """What is kept of the site's configuration. Raises SettingsError for a damaged file."""
    file = remote_file(settings)
    try:
        return remote_note.from_table(tomllib.loads(file.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # Who may not look into the store's folder does not act for the door.
        return RemoteNote()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, MessageMalformed) as error:
        raise SettingsError(f"{file} cannot be read ({error}); remove it, the site sends it again") from error


def remote_layer(settings: Settings) -> Layer:
    """The site's part of the configuration. settings: the device's own. Raises SettingsError."""
    return remote_note_of(settings).settings if settings.fleet.remote_configuration else {}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Whatever goes wrong becomes a SettingsError of one line."""
    try:
        yield
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


def _credentials(file: Path) -> str | None:
    """Where the secrets are, if there are any."""
    if (named := os.environ.get("CREDENTIALS_DIRECTORY")) is not None:
        return named
    beside = file.parent / "credentials"
    return str(beside) if os.access(beside, os.R_OK | os.X_OK) else None


def _settings_class(
    table: dict[str, Any],
    layer: Layer,
    credentials: str | None,
    layers: list[tuple[str, PydanticBaseSettingsSource]],
) -> type[Settings]:
    """table: of the file. layers: is filled with the sources by name when settings are made."""

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
            layers.extend([("command line", init_settings), ("environment", env_settings)])
            if credentials is not None:
                # Without an explicit prefix this source looks for files that begin with env_prefix.
                secrets = NestedSecretsSettingsSource(
                    file_secret_settings,
                    secrets_dir=credentials,
                    secrets_prefix="",
                    secrets_nested_delimiter=".",
                    secrets_dir_missing="ok",
                )
                layers.append(("credential", secrets))
            layers.append(("remote", InitSettingsSource(settings_cls, dict(layer))))
            layers.append(("file", InitSettingsSource(settings_cls, laid_over(table, dict(layer)))))
            # The file with the remote layer on it: what has another `kind` there replaces the file's.
            return tuple(source for name, source in layers if name != "remote")

    return Loaded


def _explain(error: ValidationError, path: Path) -> str:
    first, *others = error.errors()
    key, text = _key(first), _message(first)
    if first["type"] == "extra_forbidden":
        return f"unknown configuration key {key} ({path}, OSTIARY_* or a credential): {text}"
    if first["type"] == "union_tag_not_found":
        return f"configuration key {key}.kind is missing; {text} to {path} or OSTIARY_*"
    more = f" (and {len(others)} more)" if others else ""
    return f"configuration key {key or '(top)'}: {text}{more}; check {path} and OSTIARY_*"


def _key(error: ErrorDetails) -> str:
    """Each choice of a camera puts its kind into the place."""
    where = [str(part) for part in error["loc"]]
    return ".".join(
        part for i, part in enumerate(where) if not (where[0] == "camera" and i % 2 and i < len(where) - 1)
    )


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        where = [str(part) for part in error["loc"]]
        known = _keys_beside(where)
        close = get_close_matches(where[-1], known, n=1, cutoff=0.5)
        return f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
    if error["type"] == "union_tag_not_found":
        return f"add one of {', '.join(_CAMERAS)}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def _reason(error: ErrorDetails) -> str:
    """`_message` for who does not see which kind of error it is."""
    before = {"extra_forbidden": "not known; ", "union_tag_not_found": "kind is missing; "}
    return before.get(error["type"], "") + _message(error)


def _leaves(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _has(table: dict[str, Any], key: str) -> bool:
    below: Any = table
    for part in key.split("."):
        if isinstance(below, BaseModel):
            below = below.model_dump()
        if not isinstance(below, dict) or part not in below:
            return False
        below = below[part]
    return True


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
        return list(_CAMERAS[where[-2]].model_fields) if where[-2] in _CAMERAS else []
    section = Settings.model_fields[where[0]].annotation
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
