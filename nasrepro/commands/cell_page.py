"""Published cells by name: the list of them, and the page of one with what was printed about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    """A line for every cell; `printed_error` is the first that is printed for CIFAR-10, in percent, and
    `printed_perplexity` the first on the test words of PTB. `params` are counted for the networks that these numbers
    are of."""
    from nasrepro.spaces.known_cells import everywhere

    return [
        {
            "name": cell.name,
            "kind": cell.kind,
            "source": cell.source,
            "printed_error": next((one.error for one in cell.results if one.dataset == "cifar10"), None),
            "printed_perplexity": next((one.test for one in cell.results if one.dataset == "ptb"), None),
            "params": next(iter(sizes(cell).values()))["params"],
            "id": cell.genotype.id,
            "genotype": str(cell.genotype),
            "aliases": list(cell.aliases),
        }
        for cell in everywhere()
    ]


def cell_facts(cell: Named[Any, Any]) -> dict[str, Any]:
    """Everything that is known of a cell, as plain values."""
    from nasrepro.spaces.known_cells import called

    return {
        "name": cell.name,
        "kind": f"cell ({cell.kind})",
        "source": cell.source,
        "aliases": list(cell.aliases),
        "same_name": [one.name for one in called(cell.name) if one.name != cell.name],
        "genotype": str(cell.genotype),
        "id": cell.genotype.id,
        "in_space": cell.genotype.in_space,
        "sizes": sizes(cell),
        "results": [asdict(result) for result in cell.results],
    }


def sizes(cell: Named[Any, Any]) -> dict[str, dict[str, int | None]]:
    """What the stand-alone network with this cell costs as published: by benchmark, or by the words it is trained
    on."""
    from nasrepro import benchmarks
    from nasrepro.spaces import darts_rnn_moves
    from nasrepro.spaces.darts_rnn_genotype import RnnGenotype
    from nasrepro.spaces.darts_rnn_skeleton import PENN_TREEBANK, WIKITEXT_2

    if isinstance(cell.genotype, RnnGenotype):
        models = {"ptb": PENN_TREEBANK, "wikitext2": WIKITEXT_2}
        costs = {name: darts_rnn_moves.cost(cell.genotype, model) for name, model in models.items()}
        return {
            name: {"hidden": models[name].hidden, "params": cost.params, "macs": cost.macs}
            for name, cost in costs.items()
        }
    found: dict[str, dict[str, int | None]] = {}
    for name in _BENCHMARKS:
        target = benchmarks.get(name)
        cost = target.space.cost(cell.genotype, target.standalone)
        found[name] = {
            "params": cost.params,
            "params_with_auxiliary": with_auxiliary(cell.genotype, target.standalone),
            "macs": cost.macs,
        }
    return found
