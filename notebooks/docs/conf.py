"""How Sphinx builds these pages: every cell is run, records become tables, and a warning is an error.

usage: python -m sphinx -W -b html notebooks/docs FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)  # the cells' kernel

import records  # noqa: E402

import symchain  # noqa: E402

project, author = "symchain", "The symchain authors"
release = version = symchain.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath", "amsmath"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_render_markdown_format = "myst"
nb_execution_timeout = 300
nb_execution_show_tb = True
autodoc_typehints = "description"
autodoc_member_order = "bysource"
html_static_path = ["static", "../../symchain/render/page/vendor"]
html_css_files = ["katex.min.css"]
html_js_files = ["katex.min.js"]
mathjax_path = "typeset.js"  # which sets .math with KaTeX: pages load nothing from elsewhere
mathjax_options: dict[str, str] = {}
html_theme = "alabaster"
html_theme_options = {
    "description": symchain.__doc__.splitlines()[0] if symchain.__doc__ else "",
    "page_width": "70em",
    "body_max_width": "58em",
}
exclude_patterns = ["_build"]


def setup(app: Any) -> None:
    app.connect("source-read", _with_records)


def _with_records(app: Any, name: str, source: list[str]) -> None:
    if name == "functions":
        source[0] = source[0].replace("% the functions", records.functions()).replace("% the operations", records.operations())
