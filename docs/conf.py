"""How Sphinx builds these pages. Everything is local: no page asks another server for a script, a font or an image."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from docutils.nodes import Element, SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

import synaptogen_core as sc

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).resolve().parent
about = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Synaptogen Lab"
author = about["authors"][0]["name"]
copyright = author
release = version = about["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
nitpicky = False
suppress_warnings = ["ref.python"]  # words in the type of a parameter, such as shape, are taken for references

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the signatures show them
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}
autosummary_generate = True
napoleon_google_docstring = False
napoleon_use_ivar = True  # a field that is described in the class is not described twice

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_title = f"{project} {release}"
html_theme_options = {"sidebar_hide_name": False}
html_math_renderer = "mathml"

ROOMS = {  # page of the reference: title, what is in it
    "synaptogen_core": ("The library", "Cells, trains, runs and files: `import synaptogen_core as sc`."),
    "synaptogen_core.crossbar": ("Crossbars", "Lines with resistance, reads, products, programming: `sc.crossbar`."),
    "synaptogen_core.statistics": ("Statistics", "Estimates, and the model's exact laws: `sc.statistics`."),
    "synaptogen_core.fitting": ("Learning a device", "From measurements to a device: `sc.fitting`."),
}
PAGE = """# {title}

{text}

```{{eval-rst}}
.. autosummary::
   :toctree: names
   :nosignatures:

{rows}
```
"""


def write_reference() -> None:
    """One page a room of the reference, from the public names, so that none can be forgotten."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    for module, (title, text) in ROOMS.items():
        room = sc if module == "synaptogen_core" else getattr(sc, module.rpartition(".")[2])
        elsewhere = set() if room is sc else set(sc.__all__)
        names = [n for n in room.__all__ if n[0] != "_" and f"synaptogen_core.{n}" not in ROOMS and n not in elsewhere]
        rows = "\n".join(f"   {room.__name__}.{name}" for name in names)  # sc.statistics lives in another module
        page = PAGE.format(title=title, text=text, rows=rows)
        target = folder / f"{module}.md"
        if not target.exists() or target.read_text(encoding="utf-8") != page:  # Sphinx builds anew what has changed
            target.write_text(page, encoding="utf-8")


def write_notebooks() -> None:
    """The executed notebooks as pages, with what they showed; nothing is executed here."""
    folder = HERE / "notebooks"
    folder.mkdir(exist_ok=True)
    for path in sorted((HERE.parent / "examples" / "notebooks").glob("*.ipynb")):
        parts, images = [], 0
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
            for output in cell.get("outputs", ()):
                data = output.get("data", {"text/plain": "".join(output.get("text", ()))})
                if "image/png" in data:
                    images += 1
                    image = folder / f"{path.stem}-{images}.png"
                    image.write_bytes(base64.b64decode(data["image/png"]))
                    parts.append(f"![Picture {images} of {path.stem.replace('_', ' ')}]({image.name})")
                elif "text/html" in data:
                    parts.append("```{raw} html\n" + data["text/html"].replace("```", "") + "\n```")
                else:
                    parts.append(f"```text\n{data['text/plain'].rstrip()}\n```")
        parts.append(f"*The notebook: `examples/notebooks/{path.name}`.*")
        page = "\n\n".join(parts) + "\n"
        target = folder / f"{path.stem}.md"
        if not target.exists() or target.read_text(encoding="utf-8") != page:
            target.write_text(page, encoding="utf-8")


def mathml(translator: HTML5Translator, node: Element, block: bool) -> None:
    """A formula as MathML, which every browser of today shows without a script."""
    translator.body.append(tex2mathml(node.astext(), as_block=block))


def visit_inline(translator: HTML5Translator, node: Element) -> None:
    """A formula in a line of text."""
    mathml(translator, node, block=False)
    raise SkipNode


def visit_block(translator: HTML5Translator, node: Element) -> None:
    """A formula on a line of its own."""
    translator.body.append('<div class="math">')
    mathml(translator, node, block=True)
    translator.body.append("</div>\n")
    raise SkipNode


def setup(app: Sphinx) -> None:
    """What Sphinx calls: reference and notebooks are written first, then all is read."""
    write_reference()
    write_notebooks()
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
