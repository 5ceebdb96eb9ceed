"""Which code, packages, machine and command made a record."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nasrepro
from nasrepro.records.record import Provenance

_PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "numba", "pydantic")


def collect(command: str | None = None) -> Provenance:
    """Provenance of this process at this moment."""
    commit, dirty = _code_version()
    return Provenance(
        nasrepro=nasrepro.__version__,
        commit=commit,
        dirty=dirty,
        python=platform.python_version(),
        packages=_versions(),
        hardware=hardware(),
        command=command or shlex.join(["nasrepro", *sys.argv[1:]]),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def hardware() -> str:
    """Processor model and logical cores, as far as the system tells, behind the GPU where this process computes on
    one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return _processor()
    return f"{torch.cuda.get_device_name()}; {_processor()}"


@cache
def _processor() -> str:
    import os

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} logical cores, {platform.system()} {platform.machine()}"


@cache
def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def _code_version() -> tuple[str | None, bool | None]:
    """Commit and whether the tree differs from it; (None, None) for an installed copy without git."""
    folder = Path(nasrepro.__file__).resolve().parent.parent
    if not (folder / ".git").exists():
        return None, None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", "nasrepro", "data", "setup.cfg")
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, bool(changed)


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
