"""Methods whose parts are written for some spaces, and why they cannot search in others."""

from __future__ import annotations

from collections.abc import Mapping

NB201_ONLY: Mapping[str, str] = {
    "template": "it proposes the best cells of a list of all of them",
    "latent": "the autoencoders that it walks in embed NAS-Bench-201 cells",
    "reinforce:reinforce": "its softmax is over the edges of a NAS-Bench-201 cell",
    "reinforce_timed:reinforce_timed": "its softmax is over the edges of a NAS-Bench-201 cell",
    "multi_fidelity:multi_fidelity": "its Parzen estimator models the edges of a NAS-Bench-201 cell",
    "nao_study:nao_study": "its autoencoder reads and writes NAS-Bench-201 cells",
}
"""By the short name of a sampler, or by the search function of a multi-trial method."""

NOT_IN_DARTS_CNN: Mapping[str, str] = {
    "controller": "its controllers spell the edges of a NAS-Bench-201 cell or the nodes of a recurrent one",
    "pool": "its autoencoders read and write NAS-Bench-201 cells or recurrent ones",
    "nao:nao": "its autoencoder reads and writes NAS-Bench-201 cells",
}

NOT_RECURRENT: Mapping[str, str] = {"nao:nao": "its curves are those of accuracies"}


def reason_against(part: str | None, space: str) -> str | None:
    """Why a method made of this part cannot search in the space; None where it can."""
    if space == "nb201":
        return None
    others = NOT_RECURRENT if space.startswith("darts_rnn") else NOT_IN_DARTS_CNN
    return NB201_ONLY.get(part or "") or others.get(part or "")
