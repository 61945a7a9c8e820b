"""`ostiary fleet`: many doors at once."""

from __future__ import annotations

import logging

import typer

from edge.cli import fleet_config, fleet_people, fleet_provision, fleet_rollout
from edge.cli.fleet_device import forget, show
from edge.cli.fleet_events import alarms, events
from edge.cli.fleet_logs import logs
from edge.cli.fleet_orders import acknowledge, identify, posture, restart, selftest, snapshot, sync, unlock
from edge.cli.fleet_people import revoke
from edge.cli.fleet_watch import list_, watch

app = typer.Typer(
    help="Many doors at once: orders go to them through the broker, signed with the operator's key.",
    no_args_is_help=True,
)


@app.callback()
def _quiet() -> None:
    # What goes wrong with the broker is the error that ends a command, and told once.
    logging.getLogger("edge.mqtt").addHandler(logging.NullHandler())


app.command("list")(list_)
app.command()(watch)
app.command()(show)
app.command()(unlock)
app.command()(posture)
app.command()(acknowledge)
app.command()(revoke)
app.command()(identify)
app.command()(restart)
app.command()(selftest)
app.command()(sync)
app.command()(snapshot)
app.command()(forget)
app.command()(events)
app.command()(alarms)
app.command()(logs)
app.add_typer(fleet_people.app, name="people")
app.add_typer(fleet_config.app, name="config")
app.add_typer(fleet_rollout.app, name="rollout")
app.add_typer(fleet_provision.app, name="provision")
