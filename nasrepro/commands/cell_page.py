"""Published cells by name: the list of them, and the page of one with what was printed about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasrepro.spaces.darts_genotype import DartsGenotype
    from nasrepro.spaces.darts_named import Printed
    from nasrepro.spaces.named import Named

_BENCHMARKS = ("darts-cifar10", "darts-cifar100", "darts-imagenet")


def with_auxiliary(genotype: Any, skeleton: Any) -> int | None:
    """Parameters of a stand-alone network as it is trained; None where it has no auxiliary head."""
    from nasrepro.spaces import darts_costs
    from nasrepro.spaces.darts_skeleton import DartsSkeleton

    if not isinstance(skeleton, DartsSkeleton) or not skeleton.auxiliary:
        return None
    return darts_costs.with_auxiliary(genotype, skeleton)


def cell_rows() -> list[dict[str, Any]]:
    """A line for every cell; `printed_error` is the first that is printed for CIFAR-10, in percent, and `params` are
    counted for the network of `darts-cifar10`."""
    from nasrepro.spaces.darts_named import named

    return [
        {
            "name": cell.name,
            "kind": cell.kind,
            "source": cell.source,
            "printed_error": next((found.error for found in cell.results if found.dataset == "cifar10"), None),
            "params": sizes(cell)["darts-cifar10"]["params"],
            "id": cell.genotype.id,
            "genotype": str(cell.genotype),
            "aliases": list(cell.aliases),
        }
        for cell in named().values()
    ]


def cell_facts(cell: Named[DartsGenotype, Printed]) -> dict[str, Any]:
    """Everything that is known of a cell, as plain values."""
    return {
        "name": cell.name,
        "kind": f"cell ({cell.kind})",
        "source": cell.source,
        "aliases": list(cell.aliases),
        "genotype": str(cell.genotype),
        "id": cell.genotype.id,
        "in_space": cell.genotype.in_space,
        "sizes": sizes(cell),
        "results": [asdict(result) for result in cell.results],
    }


def sizes(cell: Named[DartsGenotype, Printed]) -> dict[str, dict[str, int | None]]:
    """By benchmark, what the stand-alone network with this cell costs as published."""
    from nasrepro import benchmarks

    found = {}
    for name in _BENCHMARKS:
        target = benchmarks.get(name)
        cost = target.space.cost(cell.genotype, target.standalone)
        found[name] = {
            "params": cost.params,
            "params_with_auxiliary": with_auxiliary(cell.genotype, target.standalone),
            "macs": cost.macs,
        }
    return found
