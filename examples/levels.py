"""How many levels can a cell hold? Partly resets cells with growing pulses and counts the levels one can tell apart.

python examples/levels.py
"""

from __future__ import annotations

import synaptogen_core as sc


def main(rows: int = 64, columns: int = 64, cycles: int = 20) -> None:
    cells = sc.CellArray((rows, columns), sc.load_device("hennen2024"), seed=7)
    train = sc.PulseTrain.staircase(cycles=cycles, u_set=-1.5, u_start=0.8, u_stop=1.5, steps=4)
    # Every pulse is recorded, as a circuit would see it: with the noise of a read at 100 MHz.
    ds = sc.simulate(cells, train, record="conductance", every=1, bandwidth=1e8)

    found = sc.statistics.staircase_levels(ds)
    for step in found.step.values:
        level = found.sel(step=step)
        print(
            f"after {level.voltage.item():5.2f} V: {level.median_level.item() * 1e6:6.1f} uS, "
            f"90 % of the cells and cycles between {level.lower.item() * 1e6:6.1f} and {level.upper.item() * 1e6:6.1f}"
        )
    print(f"levels whose 90 % do not overlap: {found.levels.item()}")
    for boundary in found.boundary.values:
        pair = found.sel(boundary=boundary)
        print(
            f"pulses {pair.lower_step.item()} and {pair.upper_step.item()} told apart at "
            f"{pair.threshold.item() * 1e6:6.1f} uS: {100 * pair.bit_error_rate.item():5.2f} % wrong"
        )


if __name__ == "__main__":
    main()
