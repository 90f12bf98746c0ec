"""How do the four features of an array spread? Prints quantiles and a histogram, and saves the run for other programs.

python examples/distributions.py [run.nc]
"""

from __future__ import annotations

import sys

import synaptogen_core as sc


def main(path: str = "run.nc", rows: int = 64, columns: int = 64, cycles: int = 100) -> None:
    cells = sc.CellArray((rows, columns), sc.load_device("hennen2024"), seed=7)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(cycles=cycles))

    found = sc.statistics.quantiles(ds, probabilities=(0.01, 0.5, 0.99))
    for name in ("r_hrs", "u_set", "r_lrs", "u_reset"):
        low, middle, high = found[name].values
        print(f"{name:8} 1 % {low:10.4g}   median {middle:10.4g}   99 % {high:10.4g} {found[name].units}")

    # r_hrs spreads over decades, so its bins are logarithmic
    bars = sc.statistics.histogram(ds, "r_hrs", bins=20, limits=(1e4, 1e6))
    for centre, count in zip(bars.centre.values, bars.counts.values, strict=True):
        print(f"{centre:8.0f} ohm {'#' * round(60 * count / int(bars.counts.max()))}")

    print(f"and {bars.outside} of {bars.used} values outside")

    sc.save_dataset(ds, path)
    print(f"saved to {path}; open it with xarray.open_dataset")


if __name__ == "__main__":
    main(*sys.argv[1:2])
