"""What every computation that must repeat to the last bit begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def prepare_torch(threads: int, device: str = "cpu") -> None:
    """Compute with so many threads, and refuse what does not repeat; `device` is where networks will be."""
    # read by the GPU's library for products of matrices when it is loaded; without it they do not repeat
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # nothing here reads memory that it has not written; to fill it all with NaN first takes a tenth of a step
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if torch.device(device).type != "cuda":
        return
    torch.backends.cudnn.benchmark = False  # what wins a race of algorithms is not always the same
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.cuda.reset_peak_memory_stats()


def peak_memory(device: str) -> int | None:
    """Bytes of a GPU that tensors took at most since `prepare_torch`; None on a CPU, where only the peak of the whole
    process is known, with all that it has done before."""
    import torch

    return torch.cuda.max_memory_allocated() if torch.device(device).type == "cuda" else None


@contextmanager
def full_precision() -> Iterator[None]:
    """Inside, GPUs multiply float32 as it is. They round factors to 10 bits otherwise, which is enough to learn with
    but not for the difference of two almost equal gradients."""
    import torch

    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = False
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before
