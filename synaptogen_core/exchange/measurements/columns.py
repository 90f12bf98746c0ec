"""What the columns of a measurement hold, and in which units: told by their names where that is safe, else asked.

A name is taken without capitals, blanks and signs; its unit may stand in brackets, behind a slash or an underscore:
``V``, ``Voltage (V)``, ``I [uA]``, ``Current/mA``, ``r_hrs_ohm``. The tables below are all that is recognised. A column
without a unit is taken for SI if its numbers could be; with numbers that could not, its unit is asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from synaptogen_core.exchange.measurements.reading import Choice
from synaptogen_core.schema import FEATURE_NAMES

LOOP_ROLES = ("voltage", "current")
LABEL_ROLES = ("group", "device", "row", "column")
ROLES = (*LABEL_ROLES, "cycle", *LOOP_ROLES, *FEATURE_NAMES)
IN_ORDER = "in order"
MAX_SHOWN = 60
MAX_NAME = 200  # characters in which a unit is looked for

NAMES = {
    "voltage": "v u volt volts voltage vapp vapplied appliedvoltage bias biasvoltage vbias vin vmeas vsource vforce "
    "vforced spannung av anodev",
    "current": "i current curr iin imeas imeasured idut currentdut strom ai anodei",
    "cycle": "cycle cycles cyclenumber cycleno cyclenr cycleindex cycleid cyclecount n loop loopnumber loopindex "
    "sweep sweepnumber sweepno sweepnr loopno loopnr zyklus",
    "device": "device deviceid devicename devicenumber dev cell cellid cellname cellnumber dut bauteil zelle",
    "group": "file filename wafer die chip chipid lot batch array",
    "row": "row wordline wl zeile",
    "column": "column col bitline bl spalte",
    "time": "t time timestamp zeit ts",
    "r_hrs": "rhrs hrs roff rhigh hrsresistance resistancehrs offresistance ghrs goff ihrs ioff",
    "u_set": "uset vset setvoltage voltageset vsetv",
    "r_lrs": "rlrs lrs ron rlow lrsresistance resistancelrs onresistance glrs gon ilrs ion",
    "u_reset": "ureset vreset resetvoltage voltagereset vrst",
}
ROLE_OF = {name: role for role, names in NAMES.items() for name in names.split()}
ROLE_OF_SYMBOL = {"u_s": "u_set", "v_s": "u_set", "u_r": "u_reset", "v_r": "u_reset"}
CONDUCTANCES = frozenset(("ghrs", "goff", "glrs", "gon"))
CURRENTS = frozenset(("ihrs", "ioff", "ilrs", "ion"))  # at a read voltage that must be said

PREFIXES = {"": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
BASES = {
    "v": "V", "volt": "V", "volts": "V", "a": "A", "amp": "A", "amps": "A", "ampere": "A", "ω": "ohm", "ohm": "ohm",
    "ohms": "ohm", "s": "S", "siemens": "S",
}  # fmt: skip
UNITS_OF = {
    "voltage": ("V",),
    "current": ("A",),
    "u_set": ("V",),
    "u_reset": ("V",),
    "r_hrs": ("ohm", "S", "A"),
    "r_lrs": ("ohm", "S", "A"),
}
# Numbers outside are hardly in V, A, ohm: mV, uA and mA, kohm and log10 look so
PLAUSIBLE = {"voltage": 20.0, "current": 0.02, "u_set": 20.0, "u_reset": 20.0}
PLAUSIBLE_OHM = (100.0, 1e12)


@dataclass(frozen=True)
class TableLayout:
    """What was understood of a file, for people to look at and to correct.

    Parameters
    ----------
    name : str
        Of the file.
    kind : {"loops", "features", "unclear"}
    columns : tuple of str
        Names of the columns, as in the file.
    roles : tuple of str
        What each of them is taken for: one of `ROLES`, or nothing if it is left out.
    units : tuple of str
        In which unit each is; nothing for numbers and labels.
    assumed : tuple of bool
        The unit is not told by the file.
    confirmed : tuple of bool
        The unit was told by the caller.
    rows : tuple of tuple of str
        The first of them, as in the file.
    delimiter, decimal, encoding : str
        How the text is cut; empty for NetCDF.
    header_line, first_line : int
        Numbers of the lines with the header (0: there is none) and with the first row.
    questions : tuple of str
        What must be told before the file can be read; empty if nothing.
    choices : tuple of Choice
        Those of the questions that have two or more answers to choose from.
    guesses, reasons : tuple of str
        What each column is likely to be, where it is asked for, and why; empty where nothing is known.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    roles: tuple[str, ...]
    units: tuple[str, ...]
    assumed: tuple[bool, ...]
    confirmed: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ""
    decimal: str = ""
    encoding: str = ""
    header_line: int = 0
    first_line: int = 0
    questions: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    guesses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def reads_currents(self) -> bool:
        """Whether resistances are given as currents at a read voltage."""
        found = (unit_of(unit) for unit, role in zip(self.units, self.roles, strict=True) if role in ("r_hrs", "r_lrs"))
        return any(one is not None and one[0] == "A" for one in found)

    def position(self, role: str) -> int:
        """Which column has this role; -1 if none."""
        return self.roles.index(role) if role in self.roles else -1


def unit_of(text: str) -> tuple[str, float] | None:
    """The unit and the factor of a text such as ``µA``, ``kohm`` or ``MΩ``; None for what is none of V, A, ohm, S."""
    plain = unicodedata.normalize("NFKC", text).replace("\u03bc", "u").strip()
    for length in (0, 1):
        prefix, base = plain[:length], plain[length:].casefold()
        if base not in BASES:
            continue
        unit = BASES[base]
        if prefix in "UNKP":
            prefix = prefix.lower()
        if prefix == "M" and unit != "ohm":  # mega or milli?
            return None
        if prefix in PREFIXES and not (prefix == "" and unit == "S" and plain == "s"):  # seconds
            return unit, PREFIXES[prefix]
    return None


def split_unit(name: str) -> tuple[str, str | None]:
    """A column's name and its unit, if one stands in brackets, behind a slash, or is known behind an underscore."""
    if len(name) > MAX_NAME:
        return name.strip(), None
    bracket = re.fullmatch(r"\s*(.*?)\s*[\[(]\s*([^\[\]()]*?)\s*[\])]\s*", name)
    if bracket and bracket[1] and re.fullmatch(r"\d+", bracket[2]):  # an index is no unit: Smu1.V[1][1]
        return split_unit(bracket[1])
    if bracket and bracket[1]:
        return bracket[1], bracket[2]
    before, slash, after = name.rpartition("/")
    if (
        slash and before.strip() and after.strip() and (unit_of(after) or not role_of(after))
    ):  # a ratio, HRS/LRS, has none
        return before.strip(), after.strip()
    before, underscore, after = name.rpartition("_")
    if underscore and before and unit_of(after) and role_of(name) == "":
        return before, after
    return name.strip(), None


def role_of(name: str) -> str:
    """What a column of this name, without its unit, is taken for; nothing if that is not known."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    if re.sub(r"[\s_-]+", "_", plain) in ROLE_OF_SYMBOL:
        return ROLE_OF_SYMBOL[re.sub(r"[\s_-]+", "_", plain)]
    key = _key(re.sub(r"^smu\w{0,9}\.", "", plain))
    bare = ROLE_OF.get(re.sub(r"(?<=\D)\d{1,3}$", "", key), "")  # V1, HRS2
    return ROLE_OF.get(key, "") or (bare if bare in (*LOOP_ROLES, *FEATURE_NAMES) else "")


def understand(
    name: str,
    columns: Sequence[str],
    stated: Sequence[str],
    given: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
) -> TableLayout:
    """Roles and units of columns; what is missing becomes a question.

    Parameters
    ----------
    name : str
        Of the file.
    columns, stated : sequence of str
        Names of the columns, and their units where the file has a line or attribute for them.
    given : mapping of role to column name, optional
        What the caller says; an empty name says that there is no such column.
    units : mapping of role to unit, optional

    Raises
    ------
    ValueError
        If `given` or `units` name what there is not.
    """
    given, units = given or {}, units or {}
    _check_wishes(columns, given, units)
    parts = [split_unit(column) for column in columns]
    roles = [role_of(part) for part, _ in parts]
    if (
        not {"device", "row", "column"} & set(roles) and roles.count("group") == 1
    ):  # a die or chip alone is what the devices are called by
        roles[roles.index("group")] = "device"
    for role, column in given.items():
        roles = ["" if found == role else found for found in roles]
        if column in columns:
            roles[columns.index(column)] = role
    questions: list[str] = []
    kind = _kind(roles)
    wanted = {"loops": LOOP_ROLES, "features": FEATURE_NAMES}.get(kind, ROLES)
    roles = [role if role in (*LABEL_ROLES, "cycle", "time", *wanted) else "" for role in roles]
    for role in ROLES:
        if roles.count(role) > 1 and role != "group":
            same = [shown(c) for c, r in zip(columns, roles, strict=True) if r == role]
            named = ", ".join(same[:20])
            questions.append(f"{role}: which of the columns {named} is it? say columns={{{role!r}: ...}}")
    names = ", ".join(map(shown, columns[:20]))
    if kind == "unclear":
        questions.append(
            "voltage, current: which columns hold them, or which hold r_hrs, u_set, r_lrs, u_reset? "
            f"say columns={{'voltage': ..., 'current': ...}} with some of {names}"
        )
    elif "cycle" not in roles and given.get("cycle") != IN_ORDER:
        how = "each full sweep is one" if kind == "loops" else "each row is one"
        questions.append(
            f"cycle: which column numbers the cycles? say columns={{'cycle': ...}} with one of {names}, "
            f"or columns={{'cycle': '{IN_ORDER}'}} if {how}"
        )
    found, assumed = [], []
    for column, (part, written), role, line in zip(columns, parts, roles, stated or [""] * len(columns), strict=True):
        unit, sure, question = _unit(column, part, written or line, role, units.get(role))
        found.append(unit)
        assumed.append(not sure)
        questions += [question] if question else []
    reasons = tuple("" if not role else "as specified" if role in given else "by its name" for role in roles)
    return TableLayout(
        name, kind, tuple(columns), tuple(roles), tuple(found), tuple(assumed), tuple(role in units for role in roles),
        (), questions=tuple(questions), guesses=tuple(roles), reasons=reasons,
    )  # fmt: skip


def with_guesses(layout: TableLayout, decimal: str) -> TableLayout:
    """Guesses from the first rows for columns whose names say nothing: by sizes, which numbers of loops differ in.

    Parameters
    ----------
    layout : TableLayout
        With its first rows.
    decimal : str
        The decimal mark.

    Returns
    -------
    TableLayout
        With `guesses` and `reasons`; its roles stay.
    """
    if layout.kind != "unclear" or not layout.rows:
        return layout
    guesses, reasons = list(layout.guesses), list(layout.reasons)
    size = {}
    for place, role in enumerate(layout.roles):
        cells = [row[place].strip().replace(decimal, ".") for row in layout.rows if place < len(row)]
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            reasons[place] = reasons[place] or "its cells are no numbers"
            continue
        if not role and values == [values[0] + k for k in range(len(values))] and len(values) > 2:
            reasons[place] = "it counts the rows: left out"
        elif not role and len(set(values)) > 1:
            size[place] = max(map(abs, values))
    order = sorted(size, key=lambda place: size[place])
    if len(order) >= 2 and size[order[0]] < 1e-2 * size[order[-1]]:
        for place, role, why in ((order[0], "current", "the smallest"), (order[-1], "voltage", "the largest")):
            guesses[place], reasons[place] = role, f"its numbers are {why}, up to {size[place]:.3g}"
    return replace(layout, guesses=tuple(guesses), reasons=tuple(reasons))


def doubtful(layout: TableLayout, role: str, low: float, high: float) -> str:
    """A question if the numbers of a column, from `low` to `high` in magnitude, could hardly be in its unit.

    Of a unit that the file names, too: instruments write V above numbers in mV. The caller's word ends the question.

    Parameters
    ----------
    layout : TableLayout
        What the columns are taken for.
    role : str
        Of the column, one of `ROLES` that has a unit.
    low, high : float
        Smallest and largest magnitude in it [unit of the column].

    Returns
    -------
    str
        A sentence, empty if there is no doubt, or the caller named the unit.
    """
    position, doubt = layout.position(role), unlikely(layout, role, low, high)
    if not doubt or layout.confirmed[position]:
        return ""
    return f"{role}: in which unit is column {shown(layout.columns[position])}? {doubt}; say units={{{role!r}: ...}}"


def unlikely(layout: TableLayout, role: str, low: float, high: float) -> str:
    """That numbers from `low` to `high` in magnitude could hardly be in the unit of a column; nothing if they could.

    Parameters
    ----------
    layout : TableLayout
        What the columns are taken for.
    role : str
        Of the column; one that the layout lacks, or without a unit, is never unlikely.
    low, high : float
        Smallest and largest magnitude in it [unit of the column].

    Returns
    -------
    str
        The reason, empty if there is none.
    """
    position = layout.position(role)
    found = unit_of(layout.units[position]) if position >= 0 else None
    if found is None or not high >= low or (found[0] == "A" and role not in PLAUSIBLE):
        return ""
    unit, factor = found
    lowest, highest = low * factor, high * factor
    if role in PLAUSIBLE:
        fault = highest > PLAUSIBLE[role]
    else:
        in_ohm = (lowest, highest) if unit == "ohm" else (1 / max(highest, 1e-300), 1 / max(lowest, 1e-300))
        fault = in_ohm[0] < PLAUSIBLE_OHM[0] or in_ohm[1] > PLAUSIBLE_OHM[1]
    return f"its numbers run from {low:g} to {high:g}, hardly {layout.units[position]}" if fault else ""


def shown(text: str) -> str:
    """A name from a file, in quotes, and not too long for a sentence."""
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "...")


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)


def _check_wishes(columns: Sequence[str], given: Mapping[str, str], units: Mapping[str, str]) -> None:
    for role, column in given.items():
        if role not in ROLES:
            raise ValueError(f"columns: must name some of {', '.join(ROLES)} (got {role!r}); use one of these")
        if column and column not in columns and not (role == "cycle" and column == IN_ORDER):
            raise ValueError(
                f"columns: {role} must be one of {', '.join(map(shown, columns[:20]))} (got {shown(column)}); "
                "correct the name"
            )
    named = [column for column in given.values() if column]
    if len(set(named)) < len(named):
        raise ValueError("columns: must give each column one role (got one column twice); remove one")
    for role, unit in units.items():
        found = unit_of(unit)
        if role not in UNITS_OF:
            raise ValueError(f"units: must name some of {', '.join(UNITS_OF)} (got {role!r}); use one of these")
        if found is None or found[0] not in UNITS_OF[role]:
            allowed = " or ".join(UNITS_OF[role])
            raise ValueError(f"units: {role} must be in {allowed}, with a prefix (got {unit!r}); write m{allowed[0]}")


def _kind(roles: Sequence[str]) -> str:
    if all(role in roles for role in LOOP_ROLES):
        return "loops"
    return "features" if any(role in roles for role in FEATURE_NAMES) else "unclear"


def _unit(column: str, part: str, written: str, role: str, wish: str | None) -> tuple[str, bool, str]:
    """The unit of a column, whether it was told, and a question if it cannot be right."""
    if role not in UNITS_OF:
        return "", True, ""
    if wish is not None:
        return wish, True, ""
    if written:
        found = unit_of(written)
        if found and found[0] in UNITS_OF[role]:
            return written, True, ""
        question = (
            f"{role}: in which unit is column {shown(column)}? {shown(written)} is not known; "
            f"say units={{{role!r}: ...}}"
        )
        return "", False, question
    key = _key(part.casefold())
    return ("S" if key in CONDUCTANCES else "A" if key in CURRENTS else UNITS_OF[role][0]), False, ""
