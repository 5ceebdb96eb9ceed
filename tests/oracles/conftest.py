from __future__ import annotations

import os
from pathlib import Path

import pytest

from nasrepro.oracles.table import TableOracle


def _developer_data(*parts: str) -> Path:
    root = os.environ.get("NASREPRO_DATA")
    path = Path(root or "/nonexistent", *parts)
    if root is None or not path.exists():
        pytest.skip(f"NASREPRO_DATA holds no {'/'.join(parts)}")
    return path


@pytest.fixture(scope="session")
def real_table() -> TableOracle:
    """The converted NAS-Bench-201 table, where the user has one."""
    return TableOracle.load(_developer_data("nb201", "nasbench201.npz"), name="nb201")


@pytest.fixture(scope="session")
def nats_sample() -> Path:
    """A folder with architectures 0 and 11 of the official NATS-Bench archive."""
    return _developer_data("nats-sample")
