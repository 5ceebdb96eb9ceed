"""What every test shares."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tests run several at a time, and equality to the last bit needs a fixed number of threads."""
    torch.set_num_threads(1)
