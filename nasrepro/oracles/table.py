"""Oracles read from a compact table file."""

from __future__ import annotations

from pathlib import Path

from nasrepro.oracles.arrays import ArrayOracle
from nasrepro.oracles.table_format import FORMAT, TableFile, write_table

__all__ = ["FORMAT", "TableOracle", "write_table"]


class TableOracle(ArrayOracle):
    """A `nasrepro-table/1` file as an oracle."""

    @classmethod
    def load(
        cls, path: Path, *, name: str, space: str = "nb201", remedy: str = "nasrepro data convert FILE"
    ) -> TableOracle:
        """Open a table; its arrays are decoded when they are first asked for.

        `name` is what messages call the table, `remedy` the command that makes it. Raises `UserError` for a file that
        is missing, damaged or not such a table over `space`.
        """
        return cls(TableFile(Path(path), space=space, remedy=remedy), name=name)
