"""What a figure says of itself to those who draw into it without knowing it, in its `tags`."""

from __future__ import annotations

MAP = "cell map"  # its axes are columns and rows; the next tag says where cell 0 has its middle
SHARES = "shares"  # its bars are shares of all values, so that their heights go with the width of the bins
BESIDE = "beside a map"  # it grows with the map in the card beside it
