"""The `ostiary` command."""

from __future__ import annotations

import errno
import os
import sys


def main() -> None:
    """Run the command line; every error of ours is one line, an exit code, and JSON where asked for."""
    # NumPy's own threads would only take cores from inference.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from edge.cli.context import expect_answer, print_error, print_usage_error
    from edge.cli.main import app
    from edge.errors import OstiaryError

    expect_answer()
    try:
        try:
            app()
        except OstiaryError as error:
            sys.stderr.write(f"ostiary: {error}\n")
            print_error(error)
            sys.exit(error.exit_code)
        except SystemExit as end:
            print_usage_error(end)
            raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EPIPE):
            raise
        # What is still buffered would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.ENOSPC:
            sys.stderr.write("ostiary: no space left where the output goes; free some\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
