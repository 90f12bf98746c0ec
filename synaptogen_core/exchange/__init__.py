"""The only place that opens a path. What comes in is checked, what goes out is written whole or not at all."""
