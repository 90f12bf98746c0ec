"""Is it the cell or the cycle? Tells device-to-device from cycle-to-cycle spread, rightly and the textbook's way.

The cycles of a cell remember each other, so the mean over 100 of them is far less certain than 1/sqrt(100) says. The
textbook's analysis of variance does not know that and takes a part of the cycles' spread for a difference of cells.

    python examples/spread.py
"""

from __future__ import annotations

import synaptogen_core as sc


def main(rows: int = 64, columns: int = 64, cycles: int = 100) -> None:
    published = sc.load_device("hennen2024")
    for device in (published, published.vary(autocorrelation=False), published.vary(d2d=0)):
        cells = sc.CellArray((rows, columns), device, seed=7)
        ds = sc.simulate(cells, sc.PulseTrain.cycling(cycles=cycles))
        print(f"{device.name}: spread of the low resistance over {cycles} cycles of {cells.size} cells")
        known = sc.statistics.spread(ds, "r_lrs")
        textbook = sc.statistics.spread(ds, "r_lrs", method="anova")
        for part in ("cycle_to_cycle", "device_to_device"):
            estimate, model = known.r_lrs.sel(part=part).item(), known.r_lrs_model.sel(part=part).item()
            low, high = known.r_lrs_interval.sel(part=part).values
            print(
                f"  {part:17} {estimate:6.1f} ohm ({low:5.1f} to {high:5.1f}), true {model:6.1f}, "
                f"textbook {textbook.r_lrs.sel(part=part).item():6.1f}"
            )


if __name__ == "__main__":
    main()
