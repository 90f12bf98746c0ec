"""Executes the notebooks here in one process, one after the other, and says which failed.

    python examples/notebooks/execute.py            # all of them, at a small size
    python examples/notebooks/execute.py --write    # at their own size; writes what they show into them
    python examples/notebooks/execute.py --write --no-pictures   # where there is no browser

Pictures of HoloViews need a browser to become images: `--write` drives the Chromium of this machine. In Jupyter they
are alive.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SMALL = {
    "rows": 12,
    "columns": 8,
    "cycles": 24,
    "many": (64, 32),
    "intervals": False,
}  # for what the cell "parameters" sets
PLACE = """() => {
  const root = document.querySelector("[data-root-id]")
  const {left, top, width, height} = (root.firstElementChild ?? root).getBoundingClientRect()
  return [left, top, width, height]
}"""  # of a picture on its page
MOST_HTML = 60_000  # characters of what one cell shows

Cell = dict[str, Any]
Draw = Callable[[Any], bytes]


def notebooks() -> list[Path]:
    return sorted(HERE.glob("*.ipynb"))


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, names: dict[str, Any], file: str) -> Any:
    """Run a cell; return the value of its last line if that is an expression without a semicolon."""
    tree = ast.parse(source, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    value = eval(compile(ast.Expression(last.value), file, "eval"), names)
    return None if source.rstrip().endswith(";") else value


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """In a folder of its own, which vanishes."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def shown(value: Any, draw: Draw | None) -> dict[str, Any]:
    """What a notebook keeps of a value: text, HTML or an image, by media type."""
    data: dict[str, Any] = {"text/plain": repr(value)[:2000]}
    if type(value).__module__.startswith("holoviews"):
        if draw is not None:
            data["image/png"] = base64.b64encode(draw(value)).decode()
        return {"text/plain": f"<{type(value).__name__}>"} | {k: v for k, v in data.items() if k == "image/png"}
    html = value._repr_html_() if hasattr(value, "_repr_html_") else None
    return data if html is None or len(html) > MOST_HTML else data | {"text/html": html}


def execute(path: Path, changes: dict[str, Any] | None = None, draw: Draw | None = None) -> dict[str, Any]:
    """Run all cells of a notebook; `changes` replace what its cell "parameters" sets. Returns it with its outputs."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    with elsewhere():
        for number, cell in enumerate(code_cells(notebook), 1):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                value = run_cell("".join(cell["source"]), names, f"{path.stem}[{number}]")
            if "parameters" in cell["metadata"].get("tags", []):
                names |= {key: new for key, new in (changes or {}).items() if key in names}
            cell["execution_count"], cell["outputs"] = number, []
            if printed.getvalue():
                text = printed.getvalue().splitlines(keepends=True)
                cell["outputs"].append({"name": "stdout", "output_type": "stream", "text": text})
            if value is not None:
                data = shown(value, draw)
                cell["outputs"].append(
                    {"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"}
                )
    return notebook


@contextlib.contextmanager
def drawing() -> Iterator[Draw]:
    """What turns a picture of HoloViews into a PNG: a page with nothing but it, in a browser."""
    import holoviews as hv
    from bokeh.embed import file_html
    from bokeh.resources import INLINE
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 900})

        def draw(element: Any) -> bytes:
            page.set_content(file_html(hv.render(element, backend="bokeh"), INLINE))
            page.wait_for_function("window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")
            page.wait_for_timeout(400)
            left, top, width, height = page.evaluate(PLACE)
            clip = {"x": left, "y": top, "width": min(width, 1260), "height": min(height, 1200)}
            return bytes(page.screenshot(full_page=True, clip=clip))

        yield draw
        browser.close()


def written(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    if "--write" in sys.argv:
        with contextlib.nullcontext() if "--no-pictures" in sys.argv else drawing() as draw:
            for path in notebooks():
                path.write_text(written(execute(path, draw=draw)), encoding="utf-8")
                print(path.name, f"{path.stat().st_size / 1e3:.0f} kB")
        return
    for path in notebooks():
        execute(path, SMALL)
        print(path.name, "ran")


if __name__ == "__main__":
    main()
