"""Read the configuration from all its sources, and say in one line what is wrong with it.

defaults < /etc/ostiary/ostiary.toml < credentials directory < OSTIARY_* environment < command line.
Nested keys in the environment are joined by two underscores: OSTIARY_MQTT__HOST=broker.local.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSource

from edge.errors import SettingsError
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
    # Each choice of a camera puts its kind into the place.
    key = ".".join(
        part for i, part in enumerate(where) if not (where[0] == "camera" and i % 2 and i < len(where) - 1)
    )
    if first["type"] == "extra_forbidden":
        known = _keys_beside(where)
        close = get_close_matches(where[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
        return f"unknown configuration key {key} ({path} or OSTIARY_*): {hint}"
    if first["type"] == "union_tag_not_found":
        kinds = ", ".join(_CAMERAS)
        return f"configuration key {key}.kind is missing; add one of {kinds} to {path} or OSTIARY_*"
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
        return list(_CAMERAS[where[-2]].model_fields) if where[-2] in _CAMERAS else []
    section = Settings.model_fields[where[0]].annotation
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
