"""Call the command line as the shell would, in this process."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass

from edge.__main__ import main


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def is_one_line_error(self) -> bool:
        lines = self.err.strip().splitlines()
        return (
            self.code != 0
            and lines[-1:] != []
            and lines[-1].startswith("ostiary: ")
            and "Traceback" not in self.err
        )


def ostiary(*arguments: object) -> Done:
    out, err, code = io.StringIO(), io.StringIO(), 0
    before = sys.argv
    sys.argv = ["ostiary", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())
