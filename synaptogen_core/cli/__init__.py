"""The command line `synaptogen`: generate, inspect, fit, device, network, bench."""

from __future__ import annotations

from synaptogen_core.cli.program import app, main

__all__ = ["app", "main"]
