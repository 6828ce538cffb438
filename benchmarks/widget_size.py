"""How large the widget's script is on the wire. Budget: 5 KB brotli (5.6 KB gzip) for all layouts.

python benchmarks/widget_size.py
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "static" / "visitor" / "widget.min.js"
BROTLI_BUDGET = 5 * 1024
GZIP_BUDGET = 5760


def gzip_size() -> int:
    """Bytes as our own server sends them."""
    return len(gzip.compress(SCRIPT.read_bytes(), 9, mtime=0))


def brotli_size(script: Path = SCRIPT) -> int | None:
    """Bytes as a CDN sends them; None where neither brotli nor node is installed."""
    if shutil.which("brotli"):
        return len(subprocess.run(["brotli", "-q", "11", "-c", script], capture_output=True, check=True).stdout)
    if shutil.which("node"):
        read = "require('fs').readFileSync(process.argv[1])"
        program = f"process.stdout.write(String(require('zlib').brotliCompressSync({read}).length))"
        return int(subprocess.run(["node", "-e", program, script], capture_output=True, check=True).stdout)
    return None


if __name__ == "__main__":
    brotli = brotli_size()
    print(f"plain {SCRIPT.stat().st_size} bytes, brotli {brotli if brotli is not None else 'not measured'}")
    print(f"gzip {gzip_size()} bytes of {GZIP_BUDGET}: {gzip_size() / GZIP_BUDGET:.2f}")
