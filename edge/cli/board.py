"""`ostiary board`: the board profiles, the lines for config.txt, and the relay's last resort."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(help="The board and its lines.", no_args_is_help=True)


class _LockType(StrEnum):
    STRIKE = "strike"
    MAGLOCK = "maglock"


@app.command(name="list")
def list_boards() -> None:
    """List the board profiles that ship; the one made for this machine is marked."""
    from edge.door.board import board_names, detect_board, load_board

    here = detect_board()
    for name in board_names():
        typer.echo(f"{'*' if name == here else ' '} {name:28} {load_board(name).title}")


@app.command()
def lines(
    name: Annotated[str, typer.Argument(help="The profile's name.")],
    lock: Annotated[_LockType, typer.Option(help="The kind of lock.")] = _LockType.STRIKE,
) -> None:
    """Print what to append to config.txt, so that the relay is right before Linux runs.

    Examples:

        ostiary board lines raspberry-pi-5-relay-hat --lock strike | sudo tee -a /boot/firmware/config.txt
    """
    from edge.door.board import boot_lines, load_board

    board = load_board(name)
    text = boot_lines(board, lock.value)
    if not text:
        typer.echo(f"{board.title} is set up in its device tree, see hardware/README.md", err=True)
    typer.echo(text, nl=False)


@app.command()
def secure(context: typer.Context) -> None:
    """Put the relay at its locked level and let go of it, while no daemon runs.

    The service does this when the daemon has died: a kernel may keep the level a line had.
    """
    from edge.app import hardware

    with ExitStack() as stack:
        lock = hardware.door(context.obj.settings(), stack).lock
        lock.start()
        lock.close()
