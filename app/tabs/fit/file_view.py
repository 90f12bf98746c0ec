"""The first part of the Fit tab: drop a file, see what was understood, name the columns where it is not clear."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from app.controls.upload import door
from app.look import theme
from app.look.layout import column, flow, row
from app.look.plain import escape, plain
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.fit.pictures import Read
    from app.tabs.fit.session import FitWork
    from synaptogen_core.exchange.api import TableLayout

MOST_MB = 100
ASKS = (
    "<b>Drop one or several files with your measurement</b>: loops (device, cycle, V, I) or features (device, cycle, "
    "any of R_HRS, U_SET, R_LRS, U_RESET) as CSV or text, workbooks, NetCDF, plain or as .gz or .zip. A device's .json "
    f"is taken as it is. At most {MOST_MB} MB."
)
PRIVATE = "Your file is only kept in memory for this session and is deleted when you close the page."
ROLES = {
    "left out": "", "device": "device", "second part of the device's name": "group", "row of the cell": "row",
    "column of the cell": "column", "cycle": "cycle", "voltage": "voltage", "current": "current", "R_HRS": "r_hrs",
    "U_SET": "u_set", "R_LRS": "r_lrs", "U_RESET": "u_reset",
}  # fmt: skip
VOLTS, AMPERES = ("V", "mV"), ("A", "mA", "µA", "nA", "pA")
OHMS = ("ohm", "kohm", "Mohm", "Gohm", "S", "mS", "µS", "nS")
UNITS = {"voltage": VOLTS, "current": AMPERES, "u_set": VOLTS, "u_reset": VOLTS, "r_hrs": OHMS, "r_lrs": OHMS}
SAY = re.compile(r";? ?say (?:columns|units|reading)=")  # what follows is for a program's user
CORRECT = "Correct what is not right; the file is then read again."
IN_ORDER = "Without a column for the cycle, each full sweep (or each row of a table of features) counts as one."
ROWS = 5  # of the file, shown
LONGEST_NAME = 60  # letters of a column's name in a label
NOTES = 20  # of a file, listed
COLUMNS = 40  # of a file, offered: each takes two controls
ROWS_STYLE = """
table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.guess td { font-weight: 600; } tr.why td { opacity: 0.8; white-space: normal; min-width: 90px; }
td, th { padding: 2px 10px; text-align: right; border-bottom: 1px solid rgba(127, 127, 127, 0.25); }
:host { overflow-x: auto; }
"""
ANSWERS = {  # to questions: what is asked, and the answers in words
    "files": ("Each file is", {"cycles": "a cycle of one device", "devices": "a device"}),
    "repeats": (
        "A cycle number that comes back is",
        {"devices": "another device", "pieces": "a piece of the same loop"},
    ),
    "sign": ("The current", {"measured": "is as measured", "turned": "is to be turned", "magnitude": "is a magnitude"}),
    "halves": ("Records of one sign are", {"joined": "joined with their neighbours", "apart": "records of their own"}),
    "one_way": ("Sweeps without a way back are", {"read": "read as they are", "left out": "left out"}),
    "pairs": ("Each pair of columns is", {"cycles": "a cycle", "devices": "a device", "": "none: name the columns"}),
    "sheet": ("The sheet to read is", {}),
    "read_voltage": ("Resistances were read at (V)", {}),
}
AS_FOUND = "as the file looks"  # no answer
DROP = {"minHeight": "64px", "width": "100%", "borderStyle": "dashed", "textTransform": "none", "fontSize": "0.95rem"}


class FilePart:
    """Upload, progress, and what was read."""

    def __init__(self, work: FitWork):
        self.work = work
        self.file = door(
            "Drop files here, or click to choose", work.refuse, MOST_MB, self._taken, multiple=True,
            sizing_mode="stretch_width", margin=(6, 8), sx=DROP,
            uploaded_label="Drop other files here, or click",
        )  # fmt: skip
        self.example = pmui.Button(label="Load example data", variant="outlined", icon="science", margin=(4, 8))
        self.example.on_click(lambda event: work.example())
        self.stage = theme.note()
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", icon="close", visible=False)
        self.cancel.on_click(lambda event: work.cancel())
        self.again = pmui.Button(label="Resume", variant="contained", size="small", icon="play_arrow", visible=False)
        self.again.on_click(lambda event: work.again())
        self.bar = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", visible=False)
        self.error = theme.Alert(severity="error", visible=False, sizing_mode="stretch_width", margin=(4, 8))
        self.said = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 8), styles={"font-size": "0.9rem"})
        self.columns = Columns(work.declare)
        self.change = pmui.Button(
            label="Change columns", variant="outlined", size="small", margin=(2, 8), visible=False
        )
        self.change.on_click(lambda event: work.change_columns())
        self.layout = column(
            theme.card(
                pn.pane.HTML(ASKS, sizing_mode="stretch_width", margin=(4, 8), styles={"font-size": "0.92rem"}),
                self.file,
                flow(self.example, self.cancel, self.again, self.stage, gap="2px 8px"),
                self.bar, self.error, self.said, self.change, theme.note(PRIVATE),
            ),
            self.columns.layout, gap=10,
        )  # fmt: skip
        work.status.param.watch(self._status, ["stage", "progress", "error", "stopped"])
        self._status()

    def _taken(self, event: Event) -> None:
        if not event.new:
            return
        contents = event.new if isinstance(event.new, list) else [event.new]
        names = self.file.filename if isinstance(self.file.filename, list) else [self.file.filename]
        self.work.take_all([str(name or "file") for name in names], [bytes(data) for data in contents])
        self.file.param.update(value=None)  # the lane holds them now, and nobody else

    def _status(self, *events: Event) -> None:
        status = self.work.status
        busy = bool(status.stage)
        self.bar.visible = self.cancel.visible = busy
        self.bar.value = int(100 * status.progress)
        self.again.visible = status.stopped and not busy
        self.stage.object = f"{escape(status.stage)} …" if busy else "Cancelled." if status.stopped else ""
        theme.say(self.error, status.error)

    def show(self, read: Read | None) -> None:
        """What was read, or nothing."""
        self.columns.ask(read.unclear if read is not None else None, read.said if read is not None else "")
        self.change.visible = read is not None and read.cycles > 0 and read.size > 0  # neither a device nor the example
        if read is None:
            self.said.object = ""
            return
        notes = "".join(f"<li>{escape(in_words(note))}</li>" for note in read.notes[:NOTES])
        self.said.object = f"<b>{escape(read.name)}</b>: {escape(said(read))}" + (f"<ul>{notes}</ul>" if notes else "")


def short(text: str) -> str:
    """A cell of the file, as HTML."""
    return escape(text, longest=LONGEST_NAME)


def said(read: Read) -> str:
    """One line on what a file holds."""
    size = f"{theme.size(read.size)}, " if read.size else ""
    if read.device:
        return f"{size}the device “{read.device}”, not a measurement."
    if read.unclear is not None:
        return f"{size}please say what its columns are."
    what = "I-V loops" if read.loops else " and ".join(filter(None, [", ".join(map(name, read.features))]))
    devices = counted(read.devices, "device")
    return f"{size}{devices}, {counted(read.cycles, 'cycle')} in all: {what}."


def name(feature: str) -> str:
    return theme.AXES[feature][2]


class Columns:
    """First rows of a file, and a choice of role and unit for each column."""

    def __init__(self, declare: Callable[[dict[str, str], dict[str, str], dict[str, str]], None]):
        self._declare = declare
        self.asks = theme.Alert(severity="info", sizing_mode="stretch_width", margin=(4, 8))
        self.answers = flow(sizing_mode="stretch_width", gap="4px 16px")
        self.rows = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 8), stylesheets=[ROWS_STYLE])
        self.choices = flow(sizing_mode="stretch_width", gap="4px 16px")
        go = pmui.Button(label="Read it like this", variant="contained", size="small", margin=(6, 8))
        go.on_click(self._go)
        self.layout = theme.card(
            theme.heading("How is the file to be read?"), self.asks, self.answers, self.rows, self.choices, go
        )
        self.layout.visible = False
        self.widgets: list[tuple[str, pmui.Select, pmui.Select]] = []
        self.answered: dict[str, Any] = {}

    def ask(self, layout: TableLayout | None, said: str = "") -> None:
        """Show what is understood of a file and ask about the rest; or nothing."""
        self.layout.visible = layout is not None
        if layout is None:
            return
        keys = {choice.key for choice in layout.choices}
        questions = [spoken(question, keys) for question in layout.questions] or [said or CORRECT]
        many = len(layout.columns) > COLUMNS
        cut = [f"The file has {len(layout.columns):,} columns: only the first {COLUMNS} are offered."] if many else []
        named = bool(layout.columns) and "pairs" not in keys
        self.asks.object = "\n".join([*questions, *([IN_ORDER] if named else []), *(cut if named else [])])
        self.answered = {choice.key: answer(choice) for choice in layout.choices}
        self.answers.objects = list(self.answered.values())
        self.rows.object = table(layout)
        guessed = layout.guesses or layout.roles
        roles = [role or guess for role, guess in zip(layout.roles, guessed, strict=True)]
        each = zip(layout.columns[:COLUMNS], roles, layout.units, strict=False)
        self.widgets = [self._choice(*column) for column in each]
        self.choices.objects = [row(role, unit, sizing_mode=None) for _, role, unit in self.widgets]
        if "pairs" in self.answered:  # they have no names of their own, unless the user says that they are no pairs
            self.answered["pairs"].param.watch(self._name_columns, "value")
        self._name_columns()

    def _name_columns(self, *events: Event) -> None:
        self.choices.visible = "pairs" not in self.answered or not self.answered["pairs"].value

    def _choice(self, column: str, role: str, unit: str) -> tuple[str, pmui.Select, pmui.Select]:
        label, known = f"“{plain(column, LONGEST_NAME)}” is", role if role in ROLES.values() else ""
        what = pmui.Select(label=label, options=ROLES, value=known, size="small", width=210, margin=(8, 4))
        units = pmui.Select(label="in", options=[""], value="", size="small", width=92, margin=(8, 4))

        def follow(*events: Event) -> None:
            known = UNITS.get(what.value, ())
            options = list(dict.fromkeys([*([unit] if unit and events == () else []), *known]))
            units.param.update(options=options or [""], value=options[0] if options else "", visible=bool(known))

        what.param.watch(follow, "value")
        follow()
        return column, what, units

    def _go(self, event: Event) -> None:
        told = {key: str(widget.value) for key, widget in self.answered.items()}
        if told.get("pairs") or not self.widgets:  # columns that are pairs have no names of their own
            self._declare({}, {}, told)
            return
        chosen = [(what.value, column, unit.value) for column, what, unit in self.widgets if what.value]
        roles = [role for role, _, _ in chosen]
        twice = next((title for title, role in ROLES.items() if roles.count(role) > 1), None)
        if twice:
            self.asks.object = f"Only one column can be the {twice}: leave the others out."
            return
        columns = dict.fromkeys(ROLES.values(), "") | {role: column for role, column, _ in chosen}
        columns = {role: column for role, column in columns.items() if role}
        columns["cycle"] = columns["cycle"] or "in order"
        self._declare(columns, {role: unit for role, _, unit in chosen if role in UNITS}, told)


def answer(choice: Any) -> pmui.Select | pmui.TextInput:
    """A control for the answer to a question, at the likeliest one."""
    label, words = ANSWERS.get(choice.key, (choice.key, {}))
    if not choice.options:
        return pmui.TextInput(label=label, value="", size="small", width=230, margin=(8, 4))
    options = {words.get(option, plain(option, LONGEST_NAME) or AS_FOUND): option for option in choice.options}
    options |= {words[""]: ""} if "" in words else {}
    return pmui.Select(label=label, options=options, value=choice.guess, size="small", width=260, margin=(8, 4))


def table(layout: TableLayout) -> str:
    """The first rows, and above them what each column is likely to be, and why."""
    if not layout.columns:
        return ""
    shown = range(min(len(layout.columns), COLUMNS))
    titles = {role: title for title, role in ROLES.items()} | {"time": "time: left out", "": "left out"}
    guesses = layout.guesses or layout.roles
    reasons = layout.reasons or ("",) * len(guesses)
    head = "".join(f"<th>{short(layout.columns[k])}</th>" for k in shown)
    guess = "".join(f"<td>{escape(titles.get(guesses[k], guesses[k]))}</td>" for k in shown)
    why = "".join(f"<td>{short(reasons[k])}</td>" for k in shown)
    body = "".join(f"<tr><th></th>{''.join(f'<td>{short(cell)}</td>' for cell in cells[:COLUMNS])}</tr>"
                   for cells in layout.rows[:ROWS])  # fmt: skip
    return (
        f'<table><tr><th></th>{head}</tr><tr class="guess"><th>taken for</th>{guess}</tr>'
        f'<tr class="why"><th>because</th>{why}</tr>{body}</table>'
    )


def spoken(question: str, keys: set[str]) -> str:
    """A question without what is for a program's user: how to answer it, and the key of the answer."""
    text = in_words(SAY.split(question)[0])
    key, _, rest = text.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if key in keys else text


def in_words(question: str) -> str:
    """A question about columns with the features' names as the page writes them, save where it quotes the file."""
    names = {role: words for words, role in ROLES.items() if role in theme.COLORS}
    told = rf"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\b({"|".join(names)})\b"""
    return re.sub(told, lambda found: names.get(found[1], found[0]), question)
