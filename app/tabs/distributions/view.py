"""Distributions: the features, the two states with their read window, or the levels after each pulse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.tabs.distributions.feature_pictures import FeaturePictures
from app.tabs.distributions.level_pictures import LevelPictures
from app.tabs.distributions.state_pictures import StatePictures
from app.tabs.view import Context
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.distributions.compute import Result


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.parts: dict[str, Any] = {}  # made when first shown
        self.body = layout.column(sizing_mode="stretch_width", margin=0)
        self.note = theme.note()
        self.layout = layout.column(self._controls(), self.body, self.note, gap=10)

    def _controls(self) -> Panel:
        return Panel((Group(self.context.options),), layout="bar", boxes=("bins",))

    def update(self, result: Result) -> None:
        makers = {"features": FeaturePictures, "states": StatePictures, "levels": LevelPictures}
        kind = next(name for name in makers if getattr(result, name) is not None)
        if kind not in self.parts:
            self.parts[kind] = makers[kind](self.context)
        part = self.parts[kind]
        part.show(getattr(result, kind))
        self.note.object = " ".join(filter(None, [result.sample, part.remark]))
        if self.body.objects != [part.layout]:
            self.body.objects = [part.layout]
