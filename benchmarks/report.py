"""What is said: tables on the screen and, if asked for, the same tables in a Markdown file."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.clock import Rate

Row = Sequence[str]


def machine() -> str:
    """Processor, cores and versions: without them no figure means anything."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "synaptogen", "badcrossbar"))
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def rate_rows(size: int, rates: Sequence[Rate]) -> list[Row]:
    """One row for each contestant: millions a second, range, and how many times the peer's (or first one's) rate."""
    peer = next((rate for rate in rates if rate.name.startswith("peer")), rates[0])
    return [
        (
            f"2^{size.bit_length() - 1}",
            rate.name,
            f"{rate.median / 1e6:.2f}",
            f"{rate.slowest / 1e6:.2f} to {rate.fastest / 1e6:.2f}",
            f"x {rate.median / peer.median:.1f}",
        )
        for rate in rates
    ]


class Report:
    """Tables, shown at once and kept for the file."""

    def __init__(self) -> None:
        self.console = Console()
        now = datetime.datetime.now(datetime.UTC)
        self.markdown = [
            "# Speed",
            "",
            f"Written by `make bench ARGS='--full --write'` on {now:%Y-%m-%d}. {machine()}.",
            "Medians of interleaved samples; model order 10 where nothing else is said.",
            "An update is one voltage on one cell.",
        ]
        self.console.print(machine())

    def table(self, title: str, head: Row, rows: Sequence[Row]) -> None:
        """Show a table; the last columns, numbers, to the right."""
        shown = Table(title=title, title_justify="left")
        for k, name in enumerate(head):
            shown.add_column(name, justify="left" if k == 0 or name == "what" else "right")
        for row in rows:
            shown.add_row(*row)
        self.console.print(shown)
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
        self.markdown += ["", f"## {title}", "", *lines]

    def write(self, path: Path) -> None:
        """Keep the tables."""
        path.write_text("\n".join(self.markdown) + "\n", encoding="utf-8")
        self.console.print(f"written to {path}")
