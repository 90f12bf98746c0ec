"""Distributions: the features, the two states with their read window, or the levels after each pulse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from app.look import controls, theme
from app.look.number_box import NumberBox
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
        self.body = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.note = theme.note()
        self.layout = pmui.Column(
            self._controls(), self.body, self.note, sizing_mode="stretch_width", margin=0, sx={"gap": "10px"}
        )

    def _controls(self) -> Any:
        options = self.context.options
        kinds = {"bins": NumberBox}
        widgets = {
            name: controls.widget(options, name, width=150, sizing_mode=None, widget=kinds.get(name))
            for name in options.names()
        }

        def show(*events: Any) -> None:
            for name, control in widgets.items():
                control.visible = name in options.active()

        options.param.watch(show, list(options.names()))
        show()
        return pmui.FlexBox(*widgets.values(), sizing_mode="stretch_width", align_items="center", gap="4px 0")

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
