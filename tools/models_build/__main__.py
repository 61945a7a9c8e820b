"""`tools/build_models`: build what is not up to date, and measure when asked."""

from __future__ import annotations

import argparse


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/build_models", description=__doc__)
    parser.add_argument("models", nargs="*", help="task-name, e.g. detection-near; default: all")
    parser.add_argument("--force", action="store_true", help="build even when the file is up to date")
    parser.add_argument(
        "--measure", action="store_true", help="measure on the evaluation data, into the manifests"
    )
    arguments = parser.parse_args()

    # TensorFlow takes seconds to import: not for --help.
    from models_build.build import build_all

    build_all(arguments.force, arguments.models)
    if arguments.measure:
        from models_build.measure import measure_all

        measure_all()


main()
