"""`synaptogen serve`: the dashboard, from wherever the package is installed."""

from __future__ import annotations

from typing import Annotated

import typer

from synaptogen_core.cli import console


def serve(
    port: Annotated[int, typer.Option(help="To listen on; 0 takes any that is free.", min=0, max=65_535)] = 5006,
    address: Annotated[
        str, typer.Option(help="Of this machine, to listen on; 0.0.0.0 is all that it has.")
    ] = "localhost",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Host and port under which others open it, as their address bar shows them.", metavar="HOST"),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="That share the port; 0: one a processor. Not on Windows.", min=0, max=256)
    ] = 1,
    show: Annotated[bool, typer.Option("--show", help="Open it in the browser of this machine.")] = False,
    log: Annotated[str, typer.Option(help="text, or json: one object a line, for machines.")] = "text",
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="Of panel serve, such as --basic-auth FILE.")
    ] = None,
) -> None:
    """Open the dashboard: a page in the browser, served by this machine, without internet.

    It answers this machine only, unless an address and an origin are named. For example:

        synaptogen serve --show

        synaptogen serve --address 0.0.0.0 --origin lab-pc:5006 --processes 4 -- --basic-auth users.json
    """
    from app.server.serve import serve as begin  # the one door to the dashboard, opened when it is asked for

    begin(
        port=port,
        address=address,
        origins=origin or (),
        processes=processes,
        show=show,
        log=log,
        further=options or (),
        tell=console.tell,
    )
