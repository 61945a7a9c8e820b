"""`ostiary face`: everything that can be asked of pictures of faces."""

from __future__ import annotations

import typer

from edge.cli import face_detect, face_match, face_redact, face_sort

app = typer.Typer(
    help="Detect, describe, compare, search and redact faces in pictures.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Keeps the commands below `face`."""


app.command()(face_detect.detect)
app.command()(face_detect.locate)
app.command()(face_match.compare)
app.command()(face_match.verify)
app.command()(face_match.search)
app.command()(face_match.duplicate)
app.command()(face_sort.similar)
app.command("group")(face_sort.group_faces)
app.command()(face_redact.redact)
