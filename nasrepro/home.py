"""Where files live: the user's data folder and the files that ship with the package."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import pooch


def data_root() -> Path:
    """Folder of downloaded and converted data: `$NASREPRO_DATA`, else the user's cache folder."""
    configured = os.environ.get("NASREPRO_DATA")
    return Path(configured).expanduser() if configured else Path(pooch.os_cache("nasrepro"))


def shipped(name: str) -> Path:
    """A file of the project's `data/` folder, from a clone and from an installed wheel alike."""
    return Path(str(resources.files("nasrepro.data").joinpath(name)))
