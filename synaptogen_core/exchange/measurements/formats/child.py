"""Runs a reader of someone else's files as a program of its own, with little memory: they may hang or crash libraries.

Arguments: the reader's script, the file ("-": its bytes come on the standard input), how much memory may be taken
beyond the interpreter's, and the reader's own arguments. What the reader answers goes to the standard output. Nothing
here imports the rest of the package.
"""

from __future__ import annotations

import io
import runpy
import sys


def limit_memory(extra: int) -> None:
    """Let the process grow by so many bytes only, where the system can do that."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return
    now = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))


def main(script: str, path: str, memory: str, *arguments: str) -> None:
    """Load the reader, then limit the memory, then read.

    Parameters
    ----------
    script : str
        A file with a function `answer(content, out, *arguments)`. What it refuses itself it raises as `SystemExit`,
        with words that follow "got".
    path : str
        The file; "-": its bytes come on the standard input.
    memory : str
        A whole number: growth of the process [bytes].
    *arguments : str
        Of the reader.
    """
    reader = runpy.run_path(script)
    content = io.BytesIO(sys.stdin.buffer.read()) if path == "-" else path
    limit_memory(int(memory))
    reader["answer"](content, sys.stdout.buffer, *arguments)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException as error:  # libraries raise what they like; the parent makes a sentence of it
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        sys.stderr.write(f"\nfailed: {said}\n")  # libraries write here, too: before it, and at the end
        sys.stdout.flush()
        sys.exit(1)
