"""The notebook of a run as one HTML page for ``runs/export``: its cells, and what they have shown. Pure.

The page holds the cells as data too, where clients of Databricks look for them: base64 of JSON that is
percent-encoded, in ``__DATABRICKS_NOTEBOOK_MODEL``.
"""

from __future__ import annotations

import base64
import json
import posixpath
from html import escape
from typing import TYPE_CHECKING, Any, Iterator, Sequence
from urllib.parse import quote

from fake_databricks.engine.inside import notebooks
from fake_databricks.engine.inside.pictures import NoPicture, png_in

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from fake_databricks.jobs.model import Output

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{name}</title>
<style>
body {{ font-family: sans-serif; margin: 2em }}
pre {{ background: #f4f4f4; padding: 0.6em; overflow-x: auto }}
table {{ border-collapse: collapse }}
td, th {{ border: 1px solid #ccc; padding: 0.2em 0.5em; text-align: left }}
iframe {{ width: 100%; height: 30em; border: 1px solid #ccc }}
</style>
<script>var __DATABRICKS_NOTEBOOK_MODEL = '{model}';</script>
</head>
<body>
<h1>{name}</h1>
{parts}
</body>
</html>
"""


def notebook_view(path: str, source: str, output: Output) -> dict[str, str]:
    """Return the view of a notebook that has run.

    Args:
        path: where it lies, with the extension of its file.
        source: its text.
        output: what became of it.
    """
    name, extension = posixpath.splitext(posixpath.basename(path))
    name = name if extension in notebooks.EXTENSIONS else name + extension
    cells = notebooks.read_cells(path, source.encode())
    language = notebooks.language_of(path, source.encode())
    parts = [
        *(_section(f"Cell {cell.number}", f"<pre><code>{escape(cell.text)}</code></pre>") for cell in cells),
        *_output_parts(output),
    ]
    page = _PAGE.format(name=escape(name), model=_model(name, language, cells), parts="\n".join(parts))
    return {"name": name, "type": "NOTEBOOK", "content": page}


def _model(name: str, language: str, cells: Sequence[notebooks.Cell]) -> str:
    commands = [
        {
            "version": "CommandV1",
            "subtype": "command",
            "commandType": "auto",
            "position": float(cell.number),
            "command": cell.text.rstrip("\n"),
            "results": None,
        }
        for cell in cells
    ]
    model = {"version": "NotebookV1", "name": name, "language": language, "commands": commands}
    return base64.b64encode(quote(json.dumps(model)).encode()).decode()


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{content}</section>"


def _output_parts(output: Output) -> Iterator[str]:
    if output.logs:
        yield _section("Output", f"<pre>{escape(output.logs)}</pre>")
    for number, display in enumerate(output.displays, 1):
        yield _section(f"Shown {number}", _drawn(display))
    if output.notebook_result is not None:
        yield _section("Result", f"<pre>{escape(output.notebook_result)}</pre>")
    if output.error is not None:
        yield _section("Error", f"<pre>{escape(output.error_trace or output.error)}</pre>")


def _drawn(display: Display) -> str:
    """Return what was shown; HTML of a program can act on nothing."""
    data: Any = display["data"]
    if display["kind"] == "html":
        return f'<iframe sandbox="" srcdoc="{escape(data)}"></iframe>'
    if display["kind"] == "image":
        try:
            png_in(data)
        except NoPicture as error:
            return f"<p>{escape(str(error))}</p>"
        return f'<img alt="" src="data:image/png;base64,{escape(data)}">'
    heads = "".join(f"<th>{escape(name)}</th>" for name, _ in display["schema"])
    rows = "".join(f"<tr>{''.join(f'<td>{escape(_text(cell))}</td>' for cell in row)}</tr>" for row in data)
    return f"<table><tr>{heads}</tr>{rows}</table>"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
