"""The file of an SQLite database, before SQLite sees it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from edge.errors import StoreUnwritable


def make_private(path: Path, what: str, user: str) -> None:
    """Make the folder and the file unless they are there, readable by their owner only: templates are in it.

    The file is never opened here. Whoever closes it takes this process's locks of it away, those of other
    connections too: the next process that ends would then delete the log that they write to.
    what, user: how errors name the database and who works with it. Raises StoreUnwritable.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mknod(path, 0o600 | stat.S_IFREG)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise StoreUnwritable(f"{what} {path} is not a regular file; choose another path")
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(0o600)
        if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StoreUnwritable(
            f"cannot write {what} {path}: {error.strerror}; give the user that runs {user} "
            f"write access to {path.parent} and the files in it"
        ) from error
