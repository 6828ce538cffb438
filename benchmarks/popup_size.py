"""How large the popup's script is on the wire. Budget: 4 KB brotli (4.5 KB gzip).

python benchmarks/popup_size.py
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from widget_size import SCRIPT, brotli_size

POPUP = SCRIPT.with_name("popup.min.js")
BROTLI_BUDGET = 4 * 1024
GZIP_BUDGET = 4608

if __name__ == "__main__":
    brotli, packed = brotli_size(POPUP), len(gzip.compress(POPUP.read_bytes(), 9, mtime=0))
    shown = f"{brotli} bytes of {BROTLI_BUDGET}" if brotli is not None else "not measured"
    print(f"plain {POPUP.stat().st_size} bytes, brotli {shown}")
    print(f"gzip {packed} bytes of {GZIP_BUDGET}: {packed / GZIP_BUDGET:.2f}")
