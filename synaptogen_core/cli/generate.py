"""`synaptogen generate`: an array, a pulse train, a file."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.tally import notes
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.cli import arguments, console
from synaptogen_core.counts import counted
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.durations import duration
from synaptogen_core.errors import FileError
from synaptogen_core.exchange import inspection
from synaptogen_core.exchange.api import load_dataset, load_retention, simulate_to_file, simulate_to_zarr
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.runs.dry_run import rehearse
from synaptogen_core.progress import bar

if TYPE_CHECKING:
    from app.work.runs import Start

ARRAY, DEVICE, TRAIN, RECORD, RUN = "Array", "Device", "Pulse train", "Recording", "Run"
HELP = """\
Simulate an array under a pulse train, straight into a file, in bounded memory.

The suffix of OUTPUT says the format: .nc (NetCDF), .zarr (a folder), .zarr.zip, or .csv (the features alone).
The file has another name until it is complete: a failure or Ctrl-C leaves nothing behind. With --resume, a .zarr keeps
what is done, marked as unfinished, and the same command resumes it, even after a crash.

For example:

    synaptogen generate run.nc --shape 256x256 --seed 7

    synaptogen generate big.zarr --shape 1000x1000 --resume

    synaptogen generate what-if.nc --d2d 2 --c2c r_hrs=1.5

    synaptogen generate mine.nc --train waveform.csv --repeat 3

    synaptogen generate big.zarr --session synaptogen.session.json --shape 1000x1000

    synaptogen generate levels.nc --train staircase:steps=8 \\

        --record conductance --every 1 --bandwidth 1e8
"""


def generate(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="File to write: .nc, .zarr, .zarr.zip or .csv.")],
    session: Annotated[
        Path | None,
        typer.Option(help="Session saved by the dashboard (Data tab); other options change it.", metavar="FILE"),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            help="Rows (word lines) x columns (bit lines). Default: 64x64.",
            rich_help_panel=ARRAY,
            metavar="ROWSxCOLUMNS",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="0 to 2^63 - 1; the same seed, the same cells. Default: 0.", rich_help_panel=ARRAY),
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            help="History before the first cycle: stationary, or empty as in the published codes.",
            rich_help_panel=ARRAY,
        ),
    ] = "stationary",
    device: Annotated[
        str | None,
        typer.Option(
            help="Packaged set (see: synaptogen device list) or JSON file. Default: hennen2024.",
            rich_help_panel=DEVICE,
        ),
    ] = None,
    c2c: Annotated[
        list[str] | None,
        typer.Option(
            help="Factor on the cycle-to-cycle spread, for all features or some: 2, or r_hrs=2,u_set=1.5.",
            rich_help_panel=DEVICE,
            metavar="FACTOR",
        ),
    ] = None,
    d2d: Annotated[
        list[str] | None,
        typer.Option(
            help="Factor on the device-to-device spread, likewise; 0: identical cells.",
            rich_help_panel=DEVICE,
            metavar="FACTOR",
        ),
    ] = None,
    outlier_share: Annotated[
        float | None, typer.Option(help="Share of the outlier population, 0 to 1.", rich_help_panel=DEVICE)
    ] = None,
    order: Annotated[
        int | None, typer.Option(help="Order of the autoregression over cycles.", rich_help_panel=DEVICE)
    ] = None,
    correlations: Annotated[
        bool, typer.Option(help="Let the features depend on each other.", rich_help_panel=DEVICE)
    ] = True,
    autocorrelation: Annotated[
        bool,
        typer.Option(
            "--autocorrelation/--no-autocorrelation", help="Let cycles depend on earlier ones.", rich_help_panel=DEVICE
        ),
    ] = True,
    shapes: Annotated[
        str | None, typer.Option(help="true or gaussian distributions.", rich_help_panel=DEVICE, metavar="SHAPES")
    ] = None,
    eta: Annotated[
        float | None, typer.Option(help="Curvature of the RESET transition.", rich_help_panel=DEVICE)
    ] = None,
    u_max: Annotated[
        float | None,
        typer.Option(help="Voltage of a full RESET [V]; of the packaged set up to 1.6.", rich_help_panel=DEVICE),
    ] = None,
    retention: Annotated[
        str | None,
        typer.Option(help="Law of what time does: stanford-b, stanford-c, or JSON file.", rich_help_panel=DEVICE),
    ] = None,
    traps: Annotated[
        bool,
        typer.Option(
            "--traps/--no-traps", help="Let reads fluctuate as those of five measured cells.", rich_help_panel=DEVICE
        ),
    ] = False,
    train: Annotated[
        list[str] | None,
        typer.Option(
            help="KIND:name=value,... or a CSV file of voltages [V]; given several times, they follow each other. "
            f"Kinds: {', '.join(arguments.KINDS)}; names as for PulseTrain. "
            "Voltages that are not given follow the range of the device. Default: cycling:cycles=100.",
            rich_help_panel=TRAIN,
            metavar="TRAIN",
        ),
    ] = None,
    repeat: Annotated[int, typer.Option(help="How often the whole train is applied.", rich_help_panel=TRAIN)] = 1,
    wait: Annotated[
        float,
        typer.Option(help="Seconds to wait after the train; needs --retention.", rich_help_panel=TRAIN, metavar="S"),
    ] = 0.0,
    record: Annotated[
        list[str] | None,
        typer.Option(
            help="Any of features, conductance, current, state, cycle_count, voltage; commas between. "
            "Default: features.",
            rich_help_panel=RECORD,
            metavar="NAMES",
        ),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            help="Record all but the features at the end of each cycle, or after every so many pulses. Default: cycle.",
            rich_help_panel=RECORD,
            metavar="cycle|PULSES",
        ),
    ] = None,
    read_voltage: Annotated[
        float | None,
        typer.Option(help="At which conductance is recorded [V]. Default: the device's own.", rich_help_panel=RECORD),
    ] = None,
    bandwidth: Annotated[
        float | None, typer.Option(help="Of the read noise [Hz]; without it, no noise.", rich_help_panel=RECORD)
    ] = None,
    budget: Annotated[
        str,
        typer.Option(
            help="What the recorded data may take at once; the program itself takes some 350 MB more.",
            rich_help_panel=RUN,
            metavar="BYTES",
        ),
    ] = "256MB",
    threads: Annotated[
        int | None, typer.Option(help="Default: as many as there are processors.", rich_help_panel=RUN)
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep what is finished when stopped, and resume from what is there (.zarr).",
            rich_help_panel=RUN,
        ),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Compute on a Dask cluster, such as tcp://host:8786, whose workers see OUTPUT (.zarr, .zarr.zip).",
            rich_help_panel=RUN,
            metavar="ADDRESS",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUTPUT if it is there.", rich_help_panel=RUN)] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what the run would take, from a small trial of it, and stop.", rich_help_panel=RUN
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=RUN)] = False,
) -> None:
    """Simulate an array under a pulse train, straight into a file; see HELP."""
    base = _session(session)
    chosen = arguments.device(
        device or (base.cells.device if base else "hennen2024"),
        c2c=arguments.factors("--c2c", c2c or ()),
        d2d=arguments.factors("--d2d", d2d or ()),
        outlier_share=outlier_share,
        order=order,
        correlations=None if correlations else False,
        autocorrelation=None if autocorrelation else False,
        shapes=shapes,
        eta=eta,
        u_max=u_max,
    )
    law = load_retention(retention) if retention else None
    noisy = Traps.stanford_a() if traps else None
    size = arguments.shape(shape) if shape else base.cells.shape if base else (64, 64)
    seed = seed if seed is not None else base.cells.seed if base else 0
    cells = CellArray(size, chosen, seed=seed, start=start, retention=law, traps=noisy)
    pulses = (
        repeat * base.train if base and not train else arguments.train(train or ["cycling:cycles=100"], repeat, chosen)
    )
    if wait:
        cells.needs_law()
        pulses = pulses + PulseTrain.wait(wait)
    recording: dict[str, Any] = {
        "record": arguments.quantities(record or (base.recording["record"] if base else ["features"])),
        "every": arguments.every(every or str(base.recording["every"] if base else "cycle")),
        "read_voltage": read_voltage,
        "bandwidth": bandwidth,
    }
    bound = arguments.size(budget)
    title = f"{cells.rows} x {cells.columns} cells, {counted(len(pulses), 'pulse')}"
    title += f" in {counted(pulses.cycles, 'cycle')}"
    if dry_run:
        seconds, nbytes = rehearse(cells, pulses, output, threads=threads, **recording)
        updates = f"{cells.size * len(pulses):,} updates"
        console.tell(
            f"{output}: {title}: {updates}, {nbytes / 1e6:,.1f} MB before packing, about {duration(seconds, 2)} here"
        )
        return
    _check_output(output, resume, force)
    if scheduler:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong there comes back as an error
    before = inspection.unfinished(output) if resume else ""
    whole = resume and output.exists() and not before
    write: Any = simulate_to_zarr if resume else simulate_to_file
    options = {"budget": bound, "threads": threads, "scheduler": scheduler, **recording}
    begin = time.perf_counter()
    with (
        console.stoppable(lambda: _left_behind(output, resume)) as stop,
        bar(title, quiet) as tell,
    ):
        write(cells, pulses, output, progress=tell, cancel=stop, **options)
    if quiet:
        return
    seconds = time.perf_counter() - begin
    if whole:
        console.tell(f"{output}: is complete already; {title}")
    elif before:
        console.tell(f"wrote {output}: {title}, {duration(seconds)} after {before}")
    else:
        rate = cells.size * len(pulses) / seconds / 1e6
        console.tell(f"wrote {output}: {title}, {duration(seconds)}, {rate:,.1f} million updates/s")
    if output.suffix.lower() != ".csv":  # a table has no attributes
        with load_dataset(output, lazy=True) as ds:
            for note in notes(ds):
                console.tell(note)


def _session(path: Path | None) -> Start | None:
    """What a page's session simulates."""
    if path is None:
        return None
    from app.work import runs  # the dashboard's own reader, loaded when it is asked for

    return runs.of_session(text.read(path, "a session, as the dashboard saves it"), path.name)


def _check_output(output: Path, resume: bool, force: bool) -> None:
    if resume and force:
        raise ValueError("--resume: must not stand with --force (got both); choose to resume or to replace")
    if resume or force or not output.exists():
        return
    if inspection.unfinished(output):
        raise FileError(f"{output}: must not exist yet (got an unfinished run); give --resume to continue it")
    raise FileError(f"{output}: must not exist yet (got one); give --force to replace it, or another name")


def _left_behind(output: Path, resume: bool) -> str:
    done = inspection.unfinished(output) if resume else ""
    return f"{output} has {done}, and the same command resumes it" if done else f"nothing was written to {output}"


generate.__doc__ = HELP
