"""The program: its commands, and the one place where a failure becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Literal

import typer

from synaptogen_core import __version__
from synaptogen_core.cli import console

HELP = {"help_option_names": ["-h", "--help"]}
MARKUP: Literal["markdown"] = "markdown"
PLACES = {  # of commands: module, and name in it
    "generate": ("generate", "generate"),
    "fit": ("measured.fit", "fit"),
    "inspect": ("inspect", "inspect"),
    "device": ("devices", "app"),
    "network": ("networks.commands", "app"),
    "retention": ("measured.retention", "app"),
    "bench": ("bench", "bench"),
    "serve": ("serve", "serve"),
}


class Commands(Mapping[str, Any]):
    """The commands by their names, each loaded when it is asked for."""

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __getitem__(self, name: str) -> Any:
        module, of = PLACES[name]
        found = getattr(import_module(f"synaptogen_core.cli.{module}"), of)
        alone = typer.Typer(rich_markup_mode=MARKUP, callback=lambda: None)  # with a callback it stays a group
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=name)
        else:
            alone.command(name)(found)
        return typer.main.get_group(alone).commands[name]


class Program(typer.core.TyperGroup):
    """A group of commands whose failures are sentences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = Commands()  # type: ignore[assignment] # Click asks it and lists it, and adds none

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
    rich_markup_mode=MARKUP,
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
