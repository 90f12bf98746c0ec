"""`synaptogen fit`: measured cycles -> a device, a report, a verdict."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
import xarray as xr

from synaptogen_core.cli import arguments as wishes
from synaptogen_core.cli import console
from synaptogen_core.cli.measured import fit_summary
from synaptogen_core.counts import counted
from synaptogen_core.durations import duration
from synaptogen_core.errors import ColumnsUnclear, FileError, NeedsExtended
from synaptogen_core.exchange.api import load_device, load_measurements, save_device, save_estimates, save_features_csv
from synaptogen_core.exchange.datasets.estimates import check_table
from synaptogen_core.exchange.datasets.feature_csv import check_csv
from synaptogen_core.progress import bar, part_of
from synaptogen_core.report.page import save_report
from synaptogen_core.report.templates import check_html

FILES, READING, LOOPS, MODEL, RUN = "Results", "Reading", "Loops", "Fit", "Run"
PACKED = (".gz", ".csv", ".txt", ".dat", ".tsv", ".nc", ".xlsx", ".xls", ".ods", ".lvm", ".zip")
READ, EXTRACTED, FITTED = 0.05, 0.15, 0.8  # shares of the time, about
SAID_IN_PYTHON = re.compile(r"\b(columns|units|reading)=\{([^}]*)\}((?: or '[^']*')*)")
HELP = """\
Learn a device from measured cycles, say how well, and write it for `synaptogen generate --device`.

FILE is a table of loops (voltage, current, cycle, device) or of features (cycle, device, any of R_HRS, U_SET, R_LRS,
U_RESET) as text, workbook, NetCDF, or packed with gzip; several files, a folder or a .zip are read as one measurement.
Columns and units are recognised where that is safe, and asked for where it is not. Nothing is written without -o,
--report or --estimates; what is there is not replaced without --force.

For example:

    synaptogen fit loops.csv -o device.json --report report.html

    synaptogen fit loops.csv --column current=I2 --unit current=uA

    synaptogen generate run.nc --device device.json
"""


def fit(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Measured loops or features: text, workbook, NetCDF, .gz, a folder, a .zip."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Device to write: .json.", rich_help_panel=FILES, metavar="DEVICE"),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Page to write with pictures and all numbers: .html.", rich_help_panel=FILES, metavar="PAGE"),
    ] = None,
    estimates: Annotated[
        Path | None,
        typer.Option(
            help="Table to write of every number with its interval: .csv or .nc.",
            rich_help_panel=FILES,
            metavar="TABLE",
        ),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Table to write of the features of each cycle: .csv. It is written even where they are too few for a "
            "device.",
            rich_help_panel=FILES,
            metavar="TABLE",
        ),
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            help="Of DEVICE: ours, or published, which the authors' Python and Julia codes read.", rich_help_panel=FILES
        ),
    ] = "ours",
    name: Annotated[str, typer.Option(help="Of the device. Default: that of FILE.", rich_help_panel=FILES)] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that are there.", rich_help_panel=FILES)
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column holds what: voltage, current, cycle, device, r_hrs, u_set, r_lrs or u_reset = its name; "
            'cycle="in order" where cycles have no numbers.',
            rich_help_panel=READING,
            metavar="ROLE=NAME",
        ),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            help="In which unit a column is, such as current=uA.", rich_help_panel=READING, metavar="ROLE=UNIT"
        ),
    ] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            help="How FILE is cut, and answers: separator, decimal, header_line, first_line, sign, repeats, halves, "
            "one_way, files, pairs, sheet or read_voltage = a value, such as repeats=devices.",
            rich_help_panel=READING,
            metavar="KEY=VALUE",
        ),
    ] = None,
    set_method: Annotated[
        str | None,
        typer.Option(help="U_SET by level, steepest or peak. Default: level.", rich_help_panel=LOOPS, metavar="METHOD"),
    ] = None,
    reset_method: Annotated[
        str | None,
        typer.Option(
            help="U_RESET by peak, steepest, level or kink (for gradual RESET). Default: peak.",
            rich_help_panel=LOOPS,
            metavar="METHOD",
        ),
    ] = None,
    smoothing: Annotated[
        int | None,
        typer.Option(help="Samples of the running mean, odd; 1: none. Default: 5.", rich_help_panel=LOOPS),
    ] = None,
    series_resistance: Annotated[
        float | None, typer.Option(help="In series with the cell [ohm]. Default: 0.", rich_help_panel=LOOPS)
    ] = None,
    polarity: Annotated[
        str | None,
        typer.Option(
            help="Sign of SET in the loops: auto, negative or positive. Default: auto.",
            rich_help_panel=LOOPS,
            metavar="SIGN",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="Class of the device: published, extended (format 2: slow memory, break-in, a floor), or auto: "
            "whichever predicts better.",
            rich_help_panel=MODEL,
        ),
    ] = "auto",
    order: Annotated[
        int | None,
        typer.Option(help="Of the memory over cycles. Default: as the criterion says.", rich_help_panel=MODEL),
    ] = None,
    max_order: Annotated[int, typer.Option(help="Largest order looked at, 1 to 20.", rich_help_panel=MODEL)] = 10,
    criterion: Annotated[
        str, typer.Option(help="That suggests the order: bic, aic or hannan_quinn.", rich_help_panel=MODEL)
    ] = "bic",
    method: Annotated[str, typer.Option(help="Of the memory: ols or yule-walker.", rich_help_panel=MODEL)] = "ols",
    components: Annotated[
        int | None,
        typer.Option(help="Of the mixture of devices. Default: as many as BIC says.", rich_help_panel=MODEL),
    ] = None,
    degree: Annotated[int, typer.Option(help="Of the shape polynomials, 1 to 7.", rich_help_panel=MODEL)] = 4,
    template: Annotated[
        str,
        typer.Option(help="Packaged set or JSON file that supplies what was not measured.", rich_help_panel=MODEL),
    ] = "hennen2024",
    confidence: Annotated[float, typer.Option(help="Probability of the intervals.", rich_help_panel=MODEL)] = 0.95,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            help='Error that still serves your use, by line of "in numbers": such as quantiles=5%, "bit errors=50%". '
            "Default: what two lots differ by.",
            rich_help_panel=RUN,
            metavar="LINE=ERROR",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of resamples and simulations.", rich_help_panel=RUN)] = 0,
    validate: Annotated[
        bool,
        typer.Option("--validate/--no-validate", help="Compare the device with the measurement.", rich_help_panel=RUN),
    ] = True,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show neither progress nor summary.", rich_help_panel=RUN)
    ] = False,
) -> None:
    """Learn a device from measured cycles; see HELP."""
    from synaptogen_core.analysis import fitting_api  # takes a second, and --help needs it not

    outputs = {"--output": output, "--report": report, "--estimates": estimates, "--features": features}
    writes = [path for path in outputs.values() if path is not None]
    file = files[0]
    _check_outputs(files, outputs, layout, model, force)
    limits = fitting_api.limits_said(limit or ())
    origin = load_device(template)
    columns, units = wishes.named("--column", column or ()), wishes.named("--unit", unit or ())
    extraction: dict[str, Any] = {
        key: value
        for key, value in {
            "set_method": set_method,
            "reset_method": reset_method,
            "smoothing": smoothing,
            "series_resistance": series_resistance,
            "polarity": polarity,
        }.items()
        if value is not None
    }
    options = fitting_api.FeatureOptions(**extraction)
    begin, saved = time.perf_counter(), False
    with (
        console.stoppable(lambda: f"{features} was written" if saved else "nothing was written") as stop,
        bar(f"fit {file.name}", quiet) as tell,
        ExitStack() as after,
    ):
        ds = _read(files, columns, units, wishes.named("--reading", reading or ()))
        after.enter_context(fit_summary.reading_shown(ds))
        tell(READ)
        loops = "sample_count" in ds
        if loops:
            own = fitting_api.extract_features(ds, options, progress=part_of(tell, READ, EXTRACTED), cancel=stop)
            ds = ds.assign(own.data_vars).assign_attrs(own.attrs)
        elif extraction:
            option = f"--{next(iter(extraction)).replace('_', '-')}"
            raise ValueError(f"{option}: must stand with loops (got a table of features in {file}); leave it out")
        if features is not None:
            save_features_csv(ds, features)
            saved = True
        part = part_of(tell, EXTRACTED, FITTED if validate else 1.0)
        both: dict[str, Any] = {"name": name or _stem(file), "confidence": confidence, "seed": seed, "progress": part,
                                "cancel": stop}  # fmt: skip
        published: dict[str, Any] = {"order": order, "max_order": max_order, "criterion": criterion, "method": method,
                                     "components": components, "degree": degree}  # fmt: skip
        found = None
        if model == "auto" and layout == "ours":
            found, reason = fitting_api.choose(ds, origin, published=published, **both)
            if not quiet:
                console.say(reason)
        elif model != "extended":
            try:
                found = fitting_api.fit(ds, origin, **published, **both)
            except NeedsExtended as few:
                console.say(f"{few}: a device of format 2 is fitted, with wide intervals")
        if found is None:
            found = fitting_api.fit_extended(ds, origin, **both)
        judged = (
            fitting_api.validate(found, seed=seed, progress=part_of(tell, FITTED, 1.0), cancel=stop)
            if validate
            else None
        )
        numbers = (
            None
            if judged is None
            else fitting_api.compare_numbers(found, limits=limits, refitted=judged.refitted, seed=seed)
        )
    if output is not None:
        save_device(found.device, output, layout)
    if report is not None:
        command = _command(sys.argv[1:], [*files, *writes, Path(template)])
        save_report(found, judged, report, loops=ds if loops else None, numbers=numbers, command=command)
    if estimates is not None:
        save_estimates(found.estimates, estimates)
    if quiet:
        return
    fit_summary.show(console.out(), found, judged, ds)
    if numbers is not None:
        fit_summary.show_numbers(console.out(), numbers)
    if writes:
        wrote = ", ".join(map(str, writes))
        cycles = counted(ds.sizes["record"], "cycle")
        console.tell(f"\nwrote {wrote}: {cycles}, {duration(time.perf_counter() - begin)}")
    else:
        console.tell("\nnothing written; give -o device.json, --report report.html or --estimates table.csv")


def _check_outputs(
    files: Sequence[Path], outputs: Mapping[str, Path | None], layout: str, model: str, force: bool
) -> None:  # fmt: skip
    """Refuse before the work what could not be written after it."""
    output, report, estimates, features = outputs.values()
    if model not in ("auto", "published", "extended"):
        raise ValueError(f"--model: must be auto, published or extended (got {model!r}); choose one of them")
    if layout not in ("ours", "published"):
        raise ValueError(f"--layout: must be ours or published (got {layout!r}); choose one of them")
    if output is not None and output.suffix.lower() != ".json":
        raise FileError(f"{output}: must end in .json (got {output.suffix or 'no suffix'}); rename it")
    if report is not None:
        check_html(report)
    if estimates is not None:
        check_table(estimates)
    if features is not None:
        check_csv(features)
    for path in outputs.values():
        if path is None:
            continue
        if not path.absolute().parent.is_dir():
            raise FileError(f"{path}: must lie in a folder that exists (got {path.parent}); make it first")
        if path.is_dir() or (path.exists() and any(f.exists() and path.samefile(f) for f in files)):
            raise FileError(f"{path}: must be neither a FILE nor a folder (got one of them); give another name")
        if path.exists() and not force:
            raise FileError(f"{path}: must not exist yet (got one); give --force to replace it, or another name")


def _read(files: Sequence[Path], columns: dict[str, str], units: dict[str, str], reading: dict[str, str]) -> xr.Dataset:
    try:
        return load_measurements(files if len(files) > 1 else files[0], columns=columns, units=units, reading=reading)
    except ColumnsUnclear as unclear:
        fit_summary.show_question(unclear.layout)
        raise FileError(SAID_IN_PYTHON.sub(_as_options, str(unclear))) from None


def _as_options(said: re.Match[str]) -> str:
    """An argument of `load_measurements`, such as columns={'cycle': ...}, as options."""
    option = {"columns": "--column", "units": "--unit", "reading": "--reading"}[said[1]]
    pairs = (pair.split(":", 1) for pair in said[2].split(","))
    texts = [(role.strip(" '"), value.strip(" '").replace("...", "NAME")) for role, value in pairs]
    ways = [texts, *([(texts[0][0], other)] for other in re.findall(r"'([^']*)'", said[3]))]
    return " or ".join(" ".join(f"{option} {shlex.quote(f'{role}={value}')}" for role, value in way) for way in ways)


def _stem(file: Path) -> str:
    """Name of a file without the endings that say how it is packed."""
    path = Path(file.name)
    while path.suffix.lower() in PACKED and path.stem:
        path = Path(path.stem)
    return path.name or "fitted"


def _command(arguments: Sequence[str], paths: Sequence[Path]) -> str:
    """The command line, without the folders that the files lie in: these concern no reader of a report."""
    if arguments[:1] != ["fit"]:
        return ""
    words = list(arguments)
    for path in paths:
        words = [word.replace(str(path), path.name) for word in words]
    return shlex.join(["synaptogen", *words])


fit.__doc__ = HELP
