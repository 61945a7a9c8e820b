"""The `ostiary` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; every error of ours is one line and an exit code."""
    # NumPy's own threads would only take cores from inference.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from edge.cli.main import app
    from edge.errors import OstiaryError

    try:
        app()
    except OstiaryError as error:
        sys.stderr.write(f"ostiary: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()
