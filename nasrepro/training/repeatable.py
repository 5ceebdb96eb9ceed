"""What every computation that must repeat to the last bit begins with."""

from __future__ import annotations


def prepare_torch(threads: int) -> None:
    """Compute with so many threads, and refuse what does not repeat."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
