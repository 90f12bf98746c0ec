"""Run by each of several processes when it begins: `panel serve --setup`."""

from __future__ import annotations

from app.tabs.registry import TABS
from app.work import warm

warm.start(TABS)
