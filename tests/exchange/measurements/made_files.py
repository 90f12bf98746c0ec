"""Files as laboratories write them, made from loops of a made cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

import numpy as np
from hypothesis import strategies as st

from tests.analysis.made_loops import Cell, Made, made_loops

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "blanks": " "}
UNITS = {"V": 1.0, "mV": 1e-3, "A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9}
NAMES = (("cycle", "voltage", "current"), ("Loop no.", "Vapplied", "I_meas"), ("n", "V", "I"), ("Zyklus", "U", "Strom"))


@dataclass(frozen=True)
class Dress:
    """How a table looks."""

    separator: str = "comma"
    decimal: str = "."
    names: tuple[str, str, str] = NAMES[0]
    units: tuple[str, str] = ("", "")
    order: tuple[int, ...] = (0, 1, 2)
    head: tuple[str, ...] = ()
    row_names: str = ""  # "numbers": an unnamed first column; "R": a column that the header lacks
    ending: str = "\n"
    encoding: str = "utf-8"
    sign: int = 1  # of the current as it is written; 0: a magnitude
    halves: bool = False


def number(value: float, decimal: str = ".") -> str:
    """As instruments write it."""
    return f"{value:.7g}".replace(".", decimal)


def table(made: Made, dress: Dress = Dress()) -> bytes:
    """One row a sample: cycle, voltage, current."""
    mark = SEPARATORS[dress.separator]
    volt, ampere = (UNITS[unit] if unit else 1.0 for unit in dress.units)
    names = [dress.names[0], *(f"{n} [{u}]" if u and mark != " " else f"{n}[{u}]" if u else n
                               for n, u in zip(dress.names[1:], dress.units, strict=True))]  # fmt: skip
    heading = [names[k] for k in dress.order]
    if mark == " ":
        heading = [name.replace(" ", "") for name in heading]
    lines = [*dress.head, mark.join([""] * (dress.row_names == "numbers") + heading)]
    row = 0
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        written = np.abs(i) if dress.sign == 0 else dress.sign * i
        turned = int(np.flatnonzero(np.diff(np.sign(v[np.abs(v) > 0])))[0]) + 2 if dress.halves else 0
        for k, (a, b) in enumerate(zip(v, written, strict=True)):
            cells = [str(2 * n + (k >= turned) if dress.halves else n), number(a / volt, dress.decimal),
                     number(b / ampere, dress.decimal)]  # fmt: skip
            lines.append(mark.join([str(row)] * bool(dress.row_names) + [cells[c] for c in dress.order]))
            row += 1
    return (dress.ending.join(lines) + dress.ending).encode(dress.encoding)


def easyexpert(made: Made, header: int = 60, numbered: bool = True, columns: str = "V1, I1") -> bytes:
    """Each sweep below its whole header."""
    lines = []
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        lines += ["SetupTitle, I/V Sweep", "PrimitiveTest, I/V Sweep"]
        lines += [f"TestParameter, Channel.Unit.{k}, SMU{k}, 1, 2" for k in range(header)]
        lines += [f"MetaData, TestRecord.IterationIndex, {n + 1}"] * numbered
        lines += [
            "AnalysisSetup, Analysis.Setup.Title, I/V Sweep",
            f"Dimension1, {len(v)}, {len(v)}",
            f"DataName, {columns}",
        ]
        lines += [f"DataValue, {number(a)}, {number(b)}" for a, b in zip(v, i, strict=True)]
    return ("\r\n".join(lines) + "\r\n").encode()


def labview(made: Made, decimal: str = ",", segments: bool = False, comment: bool = True) -> bytes:
    """Tabs, an X column that is empty, `Comment` in the header only; each cycle a segment, or numbered."""
    end = "***End_of_Header***"
    lines = ["LabVIEW Measurement\t", "Writer_Version\t2", "Separator\tTab", f"Decimal_Separator\t{decimal}",
             f"Multi_Headings\t{'Yes' if segments else 'No'}", "X_Columns\tNo", end, "\t"]  # fmt: skip
    names = ["X_Value", *([] if segments else ["cycle"]), "Voltage (V)", "Current (A)", *(["Comment"] * comment)]
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        if segments or not n:
            lines += ["Channels\t2", f"Samples\t{len(v)}\t{len(v)}", "Delta_X\t1,0\t1,0", end, "\t".join(names)]
        for a, b in zip(v, i, strict=True):
            lines.append("\t".join(["", *([] if segments else [str(n)]), number(a, decimal), number(b, decimal)]))
    return ("\n".join(lines) + "\n").encode()


def keithley(made: Made) -> bytes:
    """Names with indices."""
    lines = ["Smu1.Time[1][1],Smu1.V[1][1],Smu1.I[1][1]"]
    time = 0
    for v, i in zip(made.voltage, made.current, strict=True):
        for a, b in zip(v, i, strict=True):
            lines.append(f"{time},{number(a)},{number(b)}")
            time += 1
    return ("\n".join(lines) + "\n").encode()


def workbook(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """An .xlsx: title -> rows of numbers, texts, or formulas as (formula, stored value)."""
    spread = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'

    def cell(value: object, row: int, column: int) -> str:
        place = f'r="{get_column_letter(column)}{row}"'
        if isinstance(value, tuple):
            return f"<c {place}><f>{value[0]}</f><v>{value[1]!r}</v></c>"
        if isinstance(value, str):
            return f'<c {place} t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""
        return f"<c {place}><v>{float(value)!r}</v></c>"

    titles = list(sheets)
    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships {package}><Relationship Id="r" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {spread} xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{escape(t)}" sheetId="{k}" r:id="r{k}"/>' for k, t in enumerate(titles, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships {package}>"
        + "".join(f'<Relationship Id="r{k}" Type="{office}/worksheet" Target="worksheets/sheet{k}.xml"/>'
                  for k in range(1, len(titles) + 1)) + "</Relationships>",
    }  # fmt: skip
    for k, title in enumerate(titles, 1):
        rows = (
            f'<row r="{r}">' + "".join(cell(value, r, c) for c, value in enumerate(row, 1)) + "</row>"
            for r, row in enumerate(sheets[title], 1)
        )
        files[f"xl/worksheets/sheet{k}.xml"] = f"<worksheet {spread}><sheetData>{''.join(rows)}</sheetData></worksheet>"
    return archive({name: f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode() for name, text in files.items()})


def get_column_letter(column: int) -> str:
    """A ... Z, AA ..."""
    return ("" if column <= 26 else chr(64 + (column - 1) // 26)) + chr(65 + (column - 1) % 26)


def clarius(made: Made, numbers: Sequence[int] | None = None, half: int = 0) -> bytes:
    """A sheet a cycle, called Run1, Run2 ...; `half` -1 or 1: sweeps of that sign only."""
    sheets: dict[str, list[list[object]]] = {}
    for n, v, i in zip(numbers or range(1, 999), made.voltage, made.current, strict=False):
        kept = slice(None)
        if half:
            turned = int(np.flatnonzero(np.diff(np.sign(v[np.abs(v) > 0])))[0]) + 2
            kept = slice(0, turned) if half == np.sign(v[1]) else slice(turned, None)
        rows = [[0.01 * k, a, b] for k, (a, b) in enumerate(zip(v[kept], i[kept], strict=True))]
        sheets[f"Run{n}"] = [["Time", "AV", "AI"], *rows]
    settings = [["Formulas", ""], ["Test Name", "dcsweep#1@1"], ["Speed", "Normal"], ["Compliance", 1e-3]]
    return workbook(sheets | {"Settings": settings})


def pairs(made: Made, numbered: bool = False) -> bytes:
    """Each loop in two columns of its own, beside the others."""
    names = [f"{name}{k + 1 if numbered else ''}" for k in range(len(made.voltage)) for name in "VI"]
    columns = [column for pair in zip(made.voltage, made.current, strict=True) for column in pair]
    longest = max(map(len, columns))
    rows = ([number(c[k]) if k < len(c) else "" for c in columns] for k in range(longest))
    return "\n".join(",".join(row) for row in (names, *rows)).encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return stream.getvalue()


def sweeps(made: Made) -> bytes:
    """A ZIP archive with a file a cycle."""
    files = {}
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        rows = "".join(f"{number(a)}\t{number(b)}\n" for a, b in zip(v, i, strict=True))
        files[f"run/sweep_{n}.txt"] = f"Voltage (V)\tCurrent (A)\n{rows}".encode()
    return archive(files)


def wide_rows(made: Made, cells: int = 3, larger_first: bool = True) -> bytes:
    """A row a cell: its name, then R_HRS and R_LRS of cycle after cycle, without names. The rows are equal."""
    both = [made.truth["r_hrs"], made.truth["r_lrs"]]
    row = np.stack(both if larger_first else both[::-1], axis=1).ravel()
    return "\n".join(",".join([f"cell {k}", *map(number, row)]) for k in range(cells)).encode()


def ratio_table(made: Made, u_read: float) -> bytes:
    """A row a cycle: currents at the read voltage, thresholds, and a ratio as a formula."""
    t = made.truth
    heading = ["Cycle", "ILRS", "IHRS", "VSET", "VRESET", "IHRS/ILRS"]
    rows = [[n, u_read / t["r_lrs"][n], u_read / t["r_hrs"][n], t["u_set"][n], t["u_reset"][n],
             ("C2/B2", float(t["r_lrs"][n] / t["r_hrs"][n]))] for n in range(len(t["r_lrs"]))]  # fmt: skip
    return workbook({"Data": [heading, *rows], "Settings": [["Start", 1.0], ["Stop", 2.0]]})


def restarted(pieces: Sequence[Made]) -> bytes:
    """Devices one below the other, cycles counted from 0 each time, no column for the device."""
    parts = [table(made).decode() for made in pieces]
    return (parts[0] + "".join(part.split("\n", 1)[1] for part in parts[1:])).encode()


@st.composite
def cells(draw: st.DrawFn) -> tuple[Cell, int]:
    """A cell with some traits, and the seed of its loops."""
    cell = Cell(
        r_hrs=draw(st.sampled_from([20e3, 60e3, 1e6])), step=draw(st.sampled_from([0.02, 0.04, 0.1])),
        spread=draw(st.sampled_from([0.01, 0.03])), noise=draw(st.sampled_from([0.0005, 0.002, 0.01])),
        mirrored=draw(st.booleans()), reset_first=draw(st.booleans()), one_way=draw(st.booleans()),
    )  # fmt: skip
    trait = draw(st.sampled_from(["none", "window", "bend", "limit", "gradual", "offset", "slow", "cut"]))
    traits = {
        "window": {"r_hrs": 15e3, "r_lrs": 9e3}, "bend": {"r_hrs": 50e3, "r_lrs": 10e3, "bend": 1.6},
        "limit": {"limit": 120e-6}, "offset": {"offset": -0.8e-6, "r_hrs": 60e3}, "slow": {"slow_set": 0.1},
        "gradual": {"r_lrs": 10e3, "u_reset": 1.0, "u_max": 2.5, "gradual": True, "reset_first": False},
        "cut": {"u_max": 1.05},
    }  # fmt: skip
    return replace(cell, **traits.get(trait, {})), draw(st.integers(0, 10**6))


@st.composite
def dresses(draw: st.DrawFn) -> Dress:
    """Any look of a table."""
    separator, decimal = draw(
        st.sampled_from(
            [("comma", "."), ("semicolon", "."), ("semicolon", ","), ("tab", "."), ("tab", ","), ("blanks", ".")]
        )
    )
    return Dress(
        separator, decimal, draw(st.sampled_from(NAMES)),
        (draw(st.sampled_from(["", "V", "mV"])), draw(st.sampled_from(["", "A", "mA", "uA", "nA"]))),
        tuple(draw(st.permutations([0, 1, 2]))),
        tuple(draw(st.lists(st.sampled_from(["Keithley 4200", "# x", ""]), max_size=4))),
        draw(st.sampled_from(["", "numbers", "R"])) if separator != "blanks" else "",
        draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
        draw(st.sampled_from([1, 1, -1, 0])),
    )  # fmt: skip


def loops_of(cell: Cell, seed: int, cycles: int = 4) -> Made:
    """Some cycles of a cell."""
    return made_loops(cell, cycles, seed=seed)
