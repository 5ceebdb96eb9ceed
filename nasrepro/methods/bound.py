"""Methods whose parts are written for one space, and why they cannot search in another."""

from __future__ import annotations

from collections.abc import Mapping

NB201_ONLY: Mapping[str, str] = {
    "template": "it proposes the best cells of a list of all of them",
    "controller": "its controller spells the edges of a NAS-Bench-201 cell",
    "pool": "its autoencoder reads and writes NAS-Bench-201 cells",
    "latent": "the autoencoders that it walks in embed NAS-Bench-201 cells",
    "reinforce:reinforce": "its softmax is over the edges of a NAS-Bench-201 cell",
    "reinforce_timed:reinforce_timed": "its softmax is over the edges of a NAS-Bench-201 cell",
    "multi_fidelity:multi_fidelity": "its Parzen estimator models the edges of a NAS-Bench-201 cell",
    "nao:nao": "its autoencoder reads and writes NAS-Bench-201 cells",
    "nao_study:nao_study": "its autoencoder reads and writes NAS-Bench-201 cells",
}
"""By the short name of a sampler, or by the search function of a multi-trial method."""


def reason_against(part: str | None, space: str) -> str | None:
    """Why a method made of this part cannot search in the space; None where it can."""
    return None if space == "nb201" else NB201_ONLY.get(part or "")
