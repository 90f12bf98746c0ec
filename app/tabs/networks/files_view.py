"""Files of the user's in place of the digits and of the network that is trained here, and ways back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from param.parameterized import Event

from app.controls.upload import door
from app.look import layout
from app.tabs.networks.own import MOST_MB, MOST_MB_IMAGES, Own, OwnImages
from app.tabs.view import Context

if TYPE_CHECKING:
    from app.tabs.networks.compute import Result

IMAGES = (
    "Images with labels in up to 20 classes: .npz with x and y, .csv with the label first, CIFAR .bin, or two IDX "
    "files, images and labels, chosen together."
)
WEIGHTS = (
    "Dense layers with ReLU, from as many inputs as an image has pixels to as many outputs as there are classes: .npz "
    "or .safetensors."
)


class Files:
    """Two doors, each with a way back; `layout` is made once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        looks: dict[str, object] = {"size": "small", "margin": (3, 12)}
        self.images = door(
            "Own images", context.tell, MOST_MB_IMAGES, self._images, remedy="give fewer images", multiple=True,
            description=IMAGES, **looks,
        )  # fmt: skip
        self.weights = door(
            "Own weights", context.tell, MOST_MB, self._weights, remedy="give fewer weights",
            accept=".npz,.safetensors", description=WEIGHTS, **looks,
        )  # fmt: skip
        self.no_images = self._back("Without own images", "networks.images")
        self.no_weights = self._back("Without own weights", "networks.own")
        self.layout = layout.flow(self.images, self.no_images, self.weights, self.no_weights)

    def _back(self, label: str, setting: str) -> pmui.Button:
        back = pmui.Button(label=label, variant="outlined", size="small", visible=False)
        back.on_click(lambda event: self.context.apply({setting: None}))
        return back

    def _images(self, event: Event) -> None:
        """They become what the networks of this page see."""
        if event.new:
            contents = event.new if isinstance(event.new, list) else [event.new]
            names = self.images.filename if isinstance(self.images.filename, list) else [self.images.filename]
            files = tuple(Own(str(name or "images"), bytes(one)) for name, one in zip(names, contents, strict=True))
            self.no_images.visible = True  # whatever is in them
            self.context.apply({"networks.images": OwnImages(files)})

    def _weights(self, event: Event) -> None:
        """They become the network of this page."""
        if event.new:
            self.no_weights.visible = True
            self.context.apply({"networks.own": Own(str(self.weights.filename or "weights"), event.new)})

    def show(self, result: Result) -> None:
        self.no_images.visible, self.no_weights.visible = bool(result.own_images), bool(result.own)
