"""The program: its commands, and the one place where a failure becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from synaptogen_core import __version__
from synaptogen_core.cli import console

HELP = {"help_option_names": ["-h", "--help"]}


class Program(typer.core.TyperGroup):
    """A group of commands whose failures are sentences."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run, and end with an exit code: 0, 1 for a failure, 2 for a misuse, 128 + the signal that stopped it.

        Parameters
        ----------
        *arguments, **options : object
            As for Typer's own ``main``.

        Returns
        -------
        int
            The exit code, where ``standalone_mode`` is False.

        Raises
        ------
        SystemExit
            With the exit code, otherwise.
        """
        ending = options.get("standalone_mode", True)
        run, options = super().main, {**options, "standalone_mode": False}
        code = console.guarded(lambda: run(*arguments, **options))
        if ending:
            sys.exit(code)
        return code


app = typer.Typer(
    name="synaptogen",
    cls=Program,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synaptogen lab {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Arrays of ReRAM cells with the statistics of a real device: make data, learn a device, look into files.

    The same seed gives the same numbers on every machine. Voltages in V, resistances in ohm, currents in A.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; the console script `synaptogen`."""
    app(prog_name="synaptogen")


def _commands() -> None:
    from synaptogen_core.cli import bench, devices, generate, inspect, serve
    from synaptogen_core.cli.measured import fit, retention
    from synaptogen_core.cli.networks import commands as network

    app.command("generate")(generate.generate)
    app.command("fit")(fit.fit)
    app.command("inspect")(inspect.inspect)
    app.add_typer(devices.app, name="device")
    app.add_typer(network.app, name="network")
    app.add_typer(retention.app, name="retention")
    app.command("bench")(bench.bench)
    app.command("serve")(serve.serve)


_commands()
