"""Final weights of supernets, kept in the run store so that they can be asked more than the search asked them."""

from __future__ import annotations

from typing import Any

from nasrepro.records.store import RunStore
from nasrepro.training import checkpoint


def keep_weights(store: RunStore, key: str) -> None:
    """Take the network's state from the checkpoint of a training that has ended; without one nothing is kept.

    Weights can be made again, so their absence is no reason to lose a run.
    """
    state = checkpoint.load(store.work_folder(key) / "checkpoint.pt", or_previous=False)
    if state is not None:
        weights = {"key": key, "network": state["network"]}
        checkpoint.save(store.weights_path(key), weights, keep_previous=False)


def load_weights(store: RunStore, key: str) -> dict[str, Any] | None:
    """The network's state at the end of the run, or None when it is not there, damaged or another run's."""
    state = checkpoint.load(store.weights_path(key), or_previous=False)
    if state is None or state.get("key") != key:
        return None
    network: dict[str, Any] = state["network"]
    return network
