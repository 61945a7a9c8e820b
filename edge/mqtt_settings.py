"""How the broker is reached."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from edge.section import Section


class MqttSettings(Section):
    """Without a host the daemon works alone and keeps its events. fallbacks: other nodes of a clustered
    broker, as host or host:port, tried in turn. client_id: names the session the broker keeps; device.id
    without one. One that nobody can guess keeps others from taking the session over. tls: encrypt; a ca_file
    or a certificate says so by itself, and without a ca_file the system's authorities are trusted."""

    host: str | None = None
    port: int = Field(default=1883, ge=1, le=65535)
    fallbacks: tuple[str, ...] = ()
    client_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    version: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = Field(default=30, ge=5, le=600)

    @field_validator("fallbacks")
    @classmethod
    def _are_nodes(cls, fallbacks: tuple[str, ...]) -> tuple[str, ...]:
        for node in fallbacks:
            _node(node, 1)
        return fallbacks

    @property
    def other_nodes(self) -> tuple[tuple[str, int], ...]:
        """`fallbacks` as (host, port)."""
        return tuple(_node(node, self.port) for node in self.fallbacks)

    @model_validator(mode="after")
    def _pairs(self) -> MqttSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        return self


def _node(text: str, default_port: int) -> tuple[str, int]:
    """(host, port) of `host`, `host:port`, `[::1]` or `[::1]:port`. Raises ValueError."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?", text)
    port = default_port if found is None or found[2] is None else int(found[2])
    if found is None or not 1 <= port <= 65535:
        raise ValueError(f"{text!r} is no node of a broker; give host or host:port")
    return found[1].strip("[]"), port
