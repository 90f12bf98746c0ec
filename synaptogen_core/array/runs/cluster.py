"""Pieces of work dealt to a Dask cluster. Its scheduler decides who does what, and again what a lost worker had."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar

from synaptogen_core.errors import ClusterError, SynaptogenError
from synaptogen_core.progress import CELLS_KEPT, Cancel, Work

POLL = 0.1  # s between two looks at the wish to stop
AHEAD = 2  # pieces on their way for each thread of the cluster: none waits, and few lie about
CONNECTING = 10.0  # s
JOINING = 60.0  # s until the first worker must be there
ENDING = 30.0  # s that pieces get to notice that they are no longer wanted

Piece = TypeVar("Piece")


def deal(
    work: Callable[[Piece], object],
    pieces: Iterable[Piece],
    scheduler: Any,
    *,
    done: Callable[[Piece], object],
    halt: Callable[[], object],
    cancel: Cancel | None = None,
) -> None:
    """Do all pieces on a cluster.

    Parameters
    ----------
    work : callable
        Takes a piece and writes its result where it belongs. Pickled with each piece (laid out once, it would draw all
        pieces to the worker that holds it); workers import this package. It may be called twice for one piece, if a
        worker is lost.
    pieces : iterable
        Pickled one by one as workers get free, so that they may be made on the way.
    scheduler : str, distributed.Client or cluster
        Address such as "tcp://host:8786", a client, or a cluster such as `distributed.LocalCluster`.
    done : callable
        Called here with each piece that is done.
    halt : callable
        Called when the work is to end early; it has to make the running `work` end soon.
    cancel : callable or threading.Event, optional
        Looked at now and then; if true, the work ends.

    Raises
    ------
    Cancelled
        If `cancel` said so; no piece is under way any more, unless the cluster is out of reach.
    ClusterError
        If the cluster cannot be reached, has no workers, or loses them again and again.
    """
    with connected(scheduler) as client:
        waiting = iter(pieces)
        running: dict[Any, Piece] = {}
        try:
            while True:
                room = AHEAD * max(1, sum(client.nthreads().values())) - len(running)
                for piece in islice(waiting, max(0, room)):
                    running[client.submit(_call, work, piece, pure=False)] = piece
                if not running:
                    return
                for future in _finished(client, running):
                    future.result()
                    done(running.pop(future))
                Work(None, cancel, "simulate", CELLS_KEPT).stop_if_asked()
        except BaseException as error:
            halt()
            _await_end(client, list(running))
            if isinstance(error, (SynaptogenError, ValueError, TypeError, OSError, MemoryError, KeyboardInterrupt)):
                raise
            raise _sentence(error) from error


@contextmanager
def connected(scheduler: Any) -> Iterator[Any]:
    """A client of a cluster with at least one worker; one that was given is not closed.

    Raises
    ------
    ClusterError
        If no scheduler answers, or it has no workers in time.
    """
    import distributed

    if isinstance(scheduler, distributed.Client):
        yield scheduler
        return
    try:
        client = distributed.Client(scheduler, set_as_default=False, timeout=CONNECTING)
    except Exception as error:  # a wrong address shows in many ways
        raise ClusterError(
            f"scheduler: must be the address of a Dask scheduler that answers (got no answer of {scheduler!r}); "
            "start one with: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=JOINING)
        except TimeoutError as error:
            raise ClusterError(
                f"scheduler: must have workers (got none within {JOINING:g} s); start some with: dask worker ADDRESS"
            ) from error
        yield client


def _call(work: Callable[[Piece], object], piece: Piece) -> None:
    work(piece)


def _finished(client: Any, running: Iterable[Any]) -> list[Any]:
    from distributed import wait

    with client.as_current(), suppress(TimeoutError):
        return list(wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED").done)
    return []


def _await_end(client: Any, futures: list[Any]) -> None:
    """Wait until no piece is under way; what does not end is cancelled."""
    end = time.monotonic() + ENDING
    with suppress(Exception):  # the cluster may be out of reach, which is not what went wrong first
        while any(not future.done() for future in futures) and time.monotonic() < end:
            time.sleep(POLL)
        client.cancel(futures)


def _sentence(error: BaseException) -> ClusterError:
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return ClusterError(
            "scheduler: workers must survive a row group (got several that died of the same one); "
            "give them more memory, or the run a smaller budget"
        )
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return ClusterError(
        f"scheduler: the workers must be able to do the work (got {text[:300]}); is this package installed there?"
    )
