"""Writes the capacity page and its figure: `python -m nasrepro.experiments.capacity [docs]`."""

from __future__ import annotations

import sys
from pathlib import Path

from nasrepro.experiments.capacity.page import drawing, page
from nasrepro.files import write_atomically

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    write_atomically(folder / "scale.md", page().encode())
    write_atomically(folder / "scale.svg", drawing().encode())
