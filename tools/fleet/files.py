"""How many files a process may have open."""

from __future__ import annotations

import resource

from edge.errors import SettingsError

_EACH = 4
"""A session and what paho has besides."""
_OTHERS = 200


def allow_files(devices: int) -> None:
    """The soft limit of most systems is 1024. Raises SettingsError when the hard one is too low."""
    wanted = devices * _EACH + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SettingsError(f"{devices} doors need {wanted} open files, {hard} are allowed; see 'ulimit -Hn'")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
