"""Measured costs of kinds of work: those that come with the package, and those of a user's own machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from nasrepro.errors import UserError
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.files import write_atomically

FILE = "step-costs.json"
"""Of the package."""
FOLDER = "step-costs"
"""In a run store, for what was measured for it: below it one of each device, with a file of each kind."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(_Part):
    """What one piece of a kind of work costs."""

    title: str
    seconds: float
    """Mean, of one core or of one GPU."""
    error: float
    """Standard error of the mean, in seconds; what other cells or a later state of a search would cost is not in it."""
    repeats: int
    share: float = 1.0
    """Of a step's batch that was measured; its seconds were divided by that."""
    memory_bytes: int | None = None
    """Peak of the process, or of the GPU's memory; None where the system does not tell."""
    checkpoint_bytes: int | None = None
    weights_bytes: int | None = None
    """Of a supernet: what is kept of it beside the record."""


class StepCosts(_Part):
    """Costs measured on one device, by the keys of kinds."""

    format: str = "nasrepro-step-costs/1"
    hardware: str
    device: str = "cpu"
    threads: int = 1
    torch: str
    costs: dict[str, Cost]

    def of(self, kind: Kind) -> Cost | None:
        """None where the kind was not measured."""
        return self.costs.get(kind.key)

    def seconds(self, work: Mapping[Kind, float]) -> float | None:
        """Of all pieces; None where one of their kinds was not measured."""
        total = 0.0
        for kind, count in work.items():
            cost = self.of(kind)
            if cost is None and count:
                return None
            total += count * (cost.seconds if cost else 0.0)
        return total

    def lacking(self, kinds: Iterable[Kind]) -> list[Kind]:
        """Those that were not measured, each once."""
        return [kind for kind in dict.fromkeys(kinds) if kind.key not in self.costs]


def shipped_costs() -> StepCosts:
    """Those that come with the package: one core at the published sizes."""
    return StepCosts.model_validate_json(resources.files("nasrepro.experiments.capacity").joinpath(FILE).read_bytes())


class OwnCost(_Part):
    """One kind of work as measured for a run store."""

    hardware: str
    torch: str
    cost: Cost


def stored_costs(root: Path, device: str) -> StepCosts | None:
    """Those measured for a run store on a device, None where there are none; raises `UserError` for a file that is
    damaged."""
    own = {path.stem: _read(path) for path in sorted((root / FOLDER / device).glob("*.json"))}
    if not own:
        return None
    first = next(iter(own.values()))
    costs = {key: measured.cost for key, measured in own.items()}
    return StepCosts(hardware=first.hardware, device=device, torch=first.torch, costs=costs)


def _read(path: Path) -> OwnCost:
    try:
        return OwnCost.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"'{path}' cannot be read; remove it and measure again with --measure: {first}") from error


def store_cost(root: Path, device: str, key: str, measured: OwnCost) -> None:
    """Keep what one kind costs for the run store."""
    _write(root / FOLDER / device / f"{key}.json", measured)


def write_costs(path: Path, costs: StepCosts) -> None:
    """All in one file, as the package has them."""
    _write(path, costs)


def _write(path: Path, content: BaseModel) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (content.model_dump_json(indent=1) + "\n").encode())
