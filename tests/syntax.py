"""Syntax trees of Python text, made once for all rules that look at them."""

from __future__ import annotations

import ast
import gc
from functools import cache


@cache
def parse(text: str, filename: str = "<unknown>") -> ast.Module:
    """The tree; without collections of garbage on the way, which look through all trees so far: 3 of 4 seconds."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text, filename=filename)
    finally:
        if collects:
            gc.enable()
