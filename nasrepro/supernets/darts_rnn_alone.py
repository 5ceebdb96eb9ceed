"""The stand-alone language models of recurrent genotypes, as they are trained from scratch (Liu et al., ICLR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nasrepro.spaces.darts_rnn_genotype import RnnGenotype
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn_cell import Surroundings, unroll
from nasrepro.supernets.darts_rnn_frame import Dropouts, LanguageModel, Reading, weight
from nasrepro.supernets.darts_rnn_plan import Plan, Term


class RnnStandalone(LanguageModel):
    """A language model of one recurrent layer with a genotype's cell, of any number of nodes; nothing is normalized."""

    def __init__(
        self,
        skeleton: RnnSkeleton,
        genotype: RnnGenotype,
        *,
        dropouts: Dropouts,
        tar: float,
        ar: float,
        rng: torch.Generator,
        masks: torch.Generator,
    ) -> None:
        super().__init__(skeleton, dropouts=dropouts, tar=tar, ar=ar, rng=rng, masks=masks)
        self.matrices = nn.ParameterList(weight(rng, self.hidden, 2 * self.hidden) for _ in genotype.nodes)
        terms = tuple((Term(state, op, place),) for place, (op, state) in enumerate(genotype.nodes))
        self.plan = Plan(terms, genotype.concat)

    def forward(self, x: Reading) -> Tensor:
        """A segment → logits (T·B, V)."""
        kept = self.draw(x.tokens.shape[1])
        entered = self.entered(x.tokens, kept)
        around = Surroundings(self.state(x), kept.hidden, None)
        outputs = unroll(self.plan, entered, self.entry[self.hidden :], list(self.matrices), around)
        return self.finish(x, outputs, kept)
