"""`synaptogen serve`: Panel's own server with what this dashboard needs, and a sentence where it cannot begin."""

from __future__ import annotations

import argparse
import errno
import re
import socket
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from app.server import logs

PAGE = Path(__file__).resolve().parents[1] / "main.py"
WARM_UP = Path(__file__).with_name("warm_up.py")
HEALTH = "app.server.health"
LOGS = ("text", "json")
ANY = ("0.0.0.0", "::")  # every address of this machine
LOCAL = ("localhost", "127.0.0.1", "::1")
OWN = ("--port", "--address", "--num-procs")  # options of panel serve that ours give
ORIGIN = re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:([0-9]{1,5}|\*))?")
TRIED = 50  # ports above a taken one, until one is proposed


def serve(
    *,
    port: int = 5006,
    address: str = "localhost",
    origins: Sequence[str] = (),
    processes: int = 1,
    show: bool = False,
    log: str = "text",
    further: Sequence[str] = (),
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the dashboard until it is stopped.

    Parameters
    ----------
    port
        0: any that is free.
    address
        Of this machine, on which it listens.
    origins
        Under which host:port others open it, as their address bar shows it.
    processes
        That share the port; 0: as many as there are processors.
    show
        Open it in the browser of this machine.
    log
        How the log is written: "text", or "json" with one object a line.
    further
        Options of `panel serve`, such as --basic-auth.
    tell
        Hears where the dashboard is.

    Raises
    ------
    ValueError
        If it cannot be served so; the message says what to give instead.
    """
    if log not in LOGS:
        raise ValueError(f"--log: must be text or json (got {log!r})")
    port = open_port(address, port)
    options = command_line(port, address, origins, processes, show, further)
    from panel.command.serve import Serve

    if log == "json":
        logs.begin()

    import app.page.dashboard  # noqa: F401 - once, before there are several processes, so that they share its memory

    parser = argparse.ArgumentParser(prog="synaptogen serve --")
    command = Serve(parser=parser)
    host = "localhost" if address in ANY else f"[{address}]" if ":" in address else address
    tell(f"Synaptogen Lab will be at http://{host}:{port}/ in a few seconds; Ctrl-C stops it")
    command.invoke(parser.parse_args(options))


def command_line(
    port: int, address: str, origins: Sequence[str], processes: int, show: bool, further: Sequence[str]
) -> list[str]:
    """The arguments of `panel serve`.

    Raises
    ------
    ValueError
        If an argument breaks a rule.
    """
    if processes != 1 and sys.platform == "win32":
        raise ValueError(f"--processes: must be 1 on Windows (got {processes}); start several servers instead")
    if further and not further[0].startswith("-"):
        raise ValueError(
            f"what follows --: must be options of panel serve (got {further[0]!r}); see panel serve --help"
        )
    twice = next(
        (one for one in further for ours in OWN if len(one) > 3 and ours.startswith(one.partition("=")[0])), ""
    )
    if twice:
        raise ValueError(
            f"what follows --: must not repeat options of this command (got {twice!r}); give it before the --"
        )
    names = [one for option, one in pairwise(further) if option == "--basic-auth"]
    names += [option.partition("=")[2] for option in further if option.startswith("--basic-auth=")]
    for name in names:  # Panel takes a name that no file has for the password itself
        if name.endswith(".json") and not Path(name).is_file():
            raise ValueError(f"--basic-auth: must be a file that exists (got {name!r}); correct the name")
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(
                f"--origin: must be host:port as the address bar shows it (got {origin!r}); write lab-pc:{port}"
            )
    own = [] if address in (*ANY, *LOCAL) else [f"[{address}]" if ":" in address else address]
    allowed = [*(f"{host}:{port}" for host in ("localhost", "127.0.0.1", *own)), *origins]
    options = [str(PAGE), "--port", str(port), "--num-procs", str(processes), "--plugins", HEALTH]
    options += ["--address", address] if address not in ANY else []
    for origin in allowed:
        options += ["--allow-websocket-origin", origin]
    # In several processes each one warms itself up: threads of a parent are not in its children.
    options += ["--warm"] if processes == 1 else ["--setup", str(WARM_UP)]
    return [*options, *(["--show"] if show else []), *further]


def open_port(address: str, port: int) -> int:
    """The port, if a server may listen on it; a free one for 0.

    Raises
    ------
    ValueError
        If it is taken, or not for this user, or the address is not this machine's.
    """
    if not address:
        raise ValueError("--address: must be a name or an address of this machine (got ''); 0.0.0.0 is all that it has")
    try:
        return bound(address, port)
    except socket.gaierror:
        raise ValueError(f"--address: must be a name or an address of this machine (got {address!r})") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = next((p for p in range(port + 1, min(port + TRIED, 65_535)) if is_free(address, p)), 0)
            raise ValueError(
                f"--port: must be free (got {port}, on which another program listens); try --port {other}"
            ) from None
        if error.errno == errno.EACCES:
            raise ValueError(
                f"--port: must be one that you may open (got {port}, for which the system asks for more rights); "
                "choose 1024 or higher"
            ) from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise ValueError(
                f"--address: must be an address of this machine (got {address!r}); 0.0.0.0 stands for all that it has"
            ) from None
        raise


def is_free(address: str, port: int) -> bool:
    """Whether a server may listen there."""
    try:
        return bool(bound(address, port))
    except OSError:
        return False


def bound(address: str, port: int) -> int:
    """Listen for a moment, as a server would; return the port."""
    family, kind, protocol, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as trial:
        if sys.platform != "win32":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was left a moment ago is free
        trial.bind(where)
        trial.listen(1)
        return int(trial.getsockname()[1])
