"""Write static/visitor/*.min.js from widget.js and popup.js. A developer's tool: needs esbuild.

    python benchmarks/widget_minify.py [path of esbuild]

The first line of each result names its source by its hash; a test fails when the two do not belong together.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "static" / "visitor"


def squeeze_styles(source: str) -> str:
    """Take line breaks and spare spaces out of the style sheets, which a script's minifier leaves alone."""

    def squeeze(found: re.Match[str]) -> str:
        lines = "".join(line.strip() for line in found[1].splitlines())
        return "sheet(`" + lines.replace(";}", "}") + "`)"

    return re.sub(r"sheet\(`([^`]*\n[^`]*)`\)", squeeze, source)


def main() -> None:
    esbuild = sys.argv[1] if len(sys.argv) > 1 else "esbuild"
    for name in ("widget", "popup"):
        minify(esbuild, name)


def minify(esbuild: str, name: str) -> None:
    """Write one script's small form beside it."""
    source = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    result = subprocess.run(
        [esbuild, "--minify", "--target=es2022", "--charset=utf8", "--loader=js"],
        input=squeeze_styles(source),
        capture_output=True,
        text=True,
        check=True,
    )
    mark = hashlib.sha256(source.encode()).hexdigest()[:16]
    (FOLDER / f"{name}.min.js").write_text(f"/* {name}.js {mark} */{result.stdout}", encoding="utf-8")


if __name__ == "__main__":
    main()
