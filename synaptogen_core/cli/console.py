"""What the program says: results on stdout, everything else on stderr, a failure as one sentence."""

from __future__ import annotations

import io
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

import typer
from rich.console import Console

from synaptogen_core.errors import Cancelled, SynaptogenError

FAILURE = 1
MISUSE = 2
BROKEN_PIPE = 128 + 13


class Stopped(SynaptogenError):  # noqa: N818 - a wish fulfilled, not an error
    """A signal ended the program; the text says what that left behind."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.code = 128 + number


class Stop(threading.Event):
    """The wish to stop; `number` is the signal that brought it."""

    number = int(signal.SIGINT)


def out() -> Console:
    """Where results go; made anew, as tests exchange sys.stdout."""
    return Console(highlight=False)


def tell(text: str) -> None:
    """Write to stdout as it is, however long the lines."""
    out().print(text, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """Write one line to stderr."""
    line = printable(" ".join(text.split()))
    Console(stderr=True, highlight=False).print(f"synaptogen: {line}", markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text from a file as a terminal may have it: without what would steer it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def guarded(work: Callable[[], Any]) -> int:
    """Do the work; return the exit code, and say in a sentence what went wrong."""
    with warnings.catch_warnings():
        warnings.showwarning = _warning
        try:
            returned = work()
            sys.stdout.flush()
        except BrokenPipeError:
            sys.stdout = io.StringIO()  # the reader has seen enough; at the end Python would complain once more
            return BROKEN_PIPE
        except Exception as error:
            return _failed(error)
    code = returned if isinstance(returned, int) else 0
    if code == 128 + signal.SIGINT:  # so typer returns a Ctrl-C outside of a run
        say("stopped by Ctrl-C")
    return code


def _failed(error: Exception) -> int:
    if isinstance(error, Stopped):
        say(str(error))
        return error.code
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "synaptogen"
        say(f"{error.format_message().rstrip('.')}; see {command} --help")
        return MISUSE
    if isinstance(error, MemoryError):
        say("budget: must suffice for the run (got too little); give a smaller --budget, or record less")
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        say(f"{where}{error.strerror or error}")
    elif isinstance(error, (ValueError, TypeError, SynaptogenError)):
        say(str(error))
    else:
        say(f"a fault of the program itself, please report it: {type(error).__name__}: {error}")
    return FAILURE


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    say(f"note: {message}")


@contextmanager
def stoppable(left_behind: Callable[[], str]) -> Iterator[Stop]:
    """Turn the first Ctrl-C (SIGINT) or SIGTERM into a wish to stop; a second one stops at once.

    Parameters
    ----------
    left_behind : callable
        Says, when the run has been stopped, what there is now.

    Raises
    ------
    Stopped
        If the run ended at such a wish.
    """
    stop = Stop()

    def wished(number: int, frame: FrameType | None) -> None:
        stop.number = number
        stop.set()
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, wished) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    except (Cancelled, KeyboardInterrupt):
        name = "Ctrl-C" if stop.number == signal.SIGINT else signal.Signals(stop.number).name
        raise Stopped(stop.number, f"stopped by {name}; {left_behind()}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
