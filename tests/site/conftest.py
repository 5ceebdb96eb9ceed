"""A small site of invented records, built once for all tests that read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# the factories of invented records serve two folders of tests
sys.path.insert(0, str(Path(__file__).parent.parent / "reporting"))

from nasrepro.reporting.site.build import build_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site; tests only read it."""
    from invented import material

    folder = tmp_path_factory.mktemp("site")
    return build_site(material(folder / "store"), folder / "site", workers=1).parent
