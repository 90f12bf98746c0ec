"""Reads a workbook of someone else, in a process of its own: see `child`. Formulas are not computed: values are read.

Written out: for each visible sheet one line of JSON (its title, and how many bytes follow), then its rows as text,
their cells between tabs; row n is line n.
"""

from __future__ import annotations

import json
import re
from typing import IO, Any

MOST_SHEETS = 10_000
BLANKS = re.compile(r"[\s\x00]+")  # a line of text must stay one


def answer(content: Any, out: IO[bytes], most: str) -> None:
    """Write what the workbook holds.

    Parameters
    ----------
    content : str or binary stream
        The file.
    out : binary stream
        Where the answer goes.
    most : str
        A whole number: text to write [bytes].

    Raises
    ------
    SystemExit
        If there is more than `most`.
    """
    import python_calamine  # in this process only

    kinds = python_calamine.SheetTypeEnum, python_calamine.SheetVisibleEnum
    book = python_calamine.load_workbook(content)
    left = int(most)
    for sheet in book.sheets_metadata[:MOST_SHEETS]:
        if sheet.typ != kinds[0].WorkSheet or sheet.visible != kinds[1].Visible:
            continue
        pieces = []
        for cells in book.get_sheet_by_name(sheet.name).iter_rows():  # from the first row on, empty ones, too
            pieces.append(("\t".join(map(written, cells)) + "\n").encode("utf-8", "replace"))
            left -= len(pieces[-1])
            if left < 0:
                raise SystemExit(f"sheets with more than {most} bytes of text")
        data = b"".join(pieces)
        out.write(json.dumps({"title": sheet.name, "bytes": len(data)}).encode() + b"\n" + data)


def written(value: Any) -> str:
    """One cell: numbers with all their digits, whole ones as such, everything else as text."""
    if type(value) is float:
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return BLANKS.sub(" ", str(value)).strip()
