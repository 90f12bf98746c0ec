"""Every speed figure of the project, beside the peer's, from one run: `python -m benchmarks`."""
