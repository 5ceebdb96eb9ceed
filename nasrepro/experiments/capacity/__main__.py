"""Writes the capacity page: `python -m nasrepro.experiments.capacity [docs/scale.md]`."""

from __future__ import annotations

import sys
from pathlib import Path

from nasrepro.experiments.capacity.page import page
from nasrepro.files import write_atomically

if __name__ == "__main__":
    write_atomically(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/scale.md"), page().encode())
