"""What a figure says of itself to those who draw into it without knowing it, in its `tags`."""

from __future__ import annotations

MAP = "cell map"  # its axes are columns and rows of the array; or `PLACES` follow
PLACES = "places"  # of a map of other rows: number of its first cell in the array (below 0: none), its rows and columns
SHARES = "shares"  # its bars are shares of all values, so that their heights go with the width of the bins
ALONE = "alone"  # of a renderer: what it draws is not drawn again for run A
BESIDE = "beside a map"  # it grows with the map in the card beside it
