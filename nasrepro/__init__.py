"""nasrepro: train weight-sharing supernets, look up what the found architectures are worth, print the papers again.

The names below are those of `nasrepro.api`, found when they are asked for: importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasrepro.api import (
        Benchmark,
        Method,
        Oracle,
        Ranking,
        RunFailed,
        RunRecord,
        Space,
        UserError,
        Variant,
        compare,
        get_benchmark,
        get_method,
        get_paper,
        get_space,
        get_truth,
        list_benchmarks,
        list_methods,
        list_papers,
        list_spaces,
        plan,
        rank,
        read_records,
        render,
    )

__version__ = "0.1.0"
__all__ = [
    "Benchmark",
    "Method",
    "Oracle",
    "Ranking",
    "RunFailed",
    "RunRecord",
    "Space",
    "UserError",
    "Variant",
    "compare",
    "get_benchmark",
    "get_method",
    "get_paper",
    "get_space",
    "get_truth",
    "list_benchmarks",
    "list_methods",
    "list_papers",
    "list_spaces",
    "plan",
    "rank",
    "read_records",
    "render",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nasrepro' has no attribute '{name}'")
    from nasrepro import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
