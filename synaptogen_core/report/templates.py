"""The templates of reports, every text escaped, and how a report becomes a file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

import jinja2

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing


@cache
def template(name: str) -> jinja2.Template:
    """The template of a file beside this one."""
    folder = resources.files("synaptogen_core.report")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda file: (folder / file).read_text(encoding="utf-8")),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)


def stamp() -> str:
    """Now, as a report says it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def check_html(path: str | os.PathLike[str]) -> None:
    """Refuse a name of a report that does not end in .html.

    Raises
    ------
    FileError
        If the suffix is another one.
    """
    if text.as_path(path).suffix.lower() != ".html":
        raise FileError(f"{path}: must end in .html (got {Path(path).suffix or 'no suffix'}); rename it")


def write(path: str | os.PathLike[str], content: str) -> None:
    """Write a report, all or nothing.

    Parameters
    ----------
    path : str or path
    content : str
        HTML.

    Raises
    ------
    FileError
        If the folder does not exist, or the file system refuses the write.
    """
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
