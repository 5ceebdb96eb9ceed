"""The benchmarks on recurrent cells: language models of PTB, WikiText-2 and an invented language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nasrepro.benchmarks.base import Benchmark, Scoring
from nasrepro.benchmarks.rnn_settings import (
    LAPTOP_SAMPLER,
    PARTS,
    RELEASED,
    SAMPLER_SOURCES,
    SAMPLERS,
    SMALL_LAPTOP_SAMPLER,
    SMALL_SAMPLERS,
    SMALL_SMOKE_SAMPLER,
    SMALL_SOURCES,
    SMALL_SPACE,
    SMOKE_SAMPLER,
    SPACE,
    SPACE_SOURCES,
    THIRD_NODE_SAMPLERS,
)
from nasrepro.benchmarks.sizes import EVOLVED_8, EVOLVED_100
from nasrepro.errors import UserError
from nasrepro.home import shipped
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import PENN_TREEBANK, WIKITEXT_2, RnnSkeleton
from nasrepro.splits import Split
from nasrepro.training.language import LanguageRetrainSettings, LanguageSettings, WikiText2RetrainSettings
from nasrepro.training.language_sizes import HIDDEN, LIGHT_DROPOUTS, TOKENS, TRAINING, VOCABULARY
from nasrepro.training.retraining import Retraining

_SEARCHES = "nasrepro.training.language_search:LanguageSupernetSettings"
_SEARCHED_HIDDEN = 300
_WORDS = {"ptb": PENN_TREEBANK.vocabulary, "wikitext2": WIKITEXT_2.vocabulary, "grammar": 2_908}
_PROBES = 12

_SMOKE_TEXT: dict[str, Any] = {"train_tokens": 2_000, "valid_tokens": 600}


def _searches(words: int, nodes: int) -> dict[str, dict[str, Any]]:
    """What a search replaces at each scale but `paper`. All methods train their weights alike then."""
    small = nodes != 8
    return {
        "smoke": {
            "skeleton": {"hidden": 8, "vocabulary": 50},
            "training": {
                **_SMOKE_TEXT,
                "batch_size": 8,
                "bptt": 10,
                "lr": 2.0,
                "clip": 0.25,
                "epochs": 2,
                "score_tokens": 200,
                "eval_batch": 4,
                "probe_cells": 3,
                "probe_points": 2,
            },
            "sampler": SMALL_SMOKE_SAMPLER if small else SMOKE_SAMPLER,
            "selector": {"candidates": 3, **EVOLVED_8},
            "search": {"queries": 2},
        },
        "laptop": {
            "skeleton": {"hidden": HIDDEN, "vocabulary": words},
            "training": {
                **LIGHT_DROPOUTS,
                **TOKENS,
                "lr": 10.0,
                "clip": 0.25,
                "tar": 1e-3,
                "weight_decay": 8e-7,
                "lengths": "random",
                "batch_size": 32,
                "epochs": 10 if small else 8,
                "score_tokens": 5_000,
                "eval_batch": 50,
                "probe_points": 4 if small else 2,
            },
            "sampler": SMALL_LAPTOP_SAMPLER if small else LAPTOP_SAMPLER,
            "selector": {**({} if small else {"candidates": 50}), **EVOLVED_100},
            "search": {"queries": 10},
        },
        "paper": {},
    }


def _trained(words: int) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """What a training from scratch replaces."""
    smoke = {**_SMOKE_TEXT, "test_tokens": 600, "batch_size": 8, "bptt": 10, "epochs": 1, "test_batch": 4}
    return {
        "smoke": {"skeleton": {"hidden": 8, "vocabulary": 50}, "training": smoke},
        "laptop": {"skeleton": {"hidden": HIDDEN, "vocabulary": words}, "training": TRAINING},
    }


def _table(name: str, _: Path) -> Oracle:
    from nasrepro.oracles.table import TableOracle

    return TableOracle.load(
        shipped(f"{name}.npz"), name=name, space="darts_rnn2", remedy=f"nasrepro benchmark build {name}"
    )


def _no_table(_: Path) -> Oracle:
    raise UserError("this space has no table of its cells; what one is worth is measured by 'nasrepro retrain'")


def _scorings(text: str, epochs: int) -> tuple[Scoring, ...]:
    """Perplexities of test and validation text; the latter is what Sciuto et al. call the truth."""
    return tuple(
        Scoring(split.value, Fidelity(text, split, epochs), higher_is_better=False)
        for split in (Split.TEST, Split.VALID)
    )


def _measured(name: str, summary: str, nodes: int, text: str, searched: str, how: LanguageSettings) -> Benchmark:
    """A benchmark whose cells are trained when they are asked for."""
    standalone = replace(WIKITEXT_2 if text == "wikitext2" else PENN_TREEBANK, vocabulary=_WORDS[text], nodes=nodes)
    scorings = _scorings(text, how.epochs)
    return Benchmark(
        name=name,
        summary=summary,
        space=RnnSpace(nodes),
        data=searched,
        search=scorings[1].fidelity,
        scorings=scorings,
        standalone=standalone,
        scales=_searches(VOCABULARY[searched], nodes),
        open_oracle=_no_table,
        retraining=Retraining(text, standalone, how, scales=_trained(VOCABULARY[text])),
        **_told(nodes, searched, _PROBES if nodes == 8 else len(RnnSpace(nodes))),
    )


def _tabulated(text: str, summary: str) -> Benchmark:
    """The space of two nodes, with a table of all its cells that this project measured."""
    scorings, space = _scorings(text, TRAINING["epochs"]), RnnSpace(2)
    return Benchmark(
        name=f"rnn2-{text}",
        summary=summary,
        space=space,
        data=text,
        search=scorings[1].fidelity,
        scorings=scorings,
        standalone=RnnSkeleton(HIDDEN, VOCABULARY[text], 2),
        scales=_searches(VOCABULARY[text], 2),
        open_oracle=partial(_table, f"rnn2-{text}"),
        **_told(2, text, len(space)),
    )


def _told(nodes: int, searched: str, probes: int) -> dict[str, Any]:
    """What every search in a space of so many nodes is told."""
    return {
        "space_settings": SPACE if nodes == 8 else SMALL_SPACE,
        "sampler_settings": {8: SAMPLERS, 2: SMALL_SAMPLERS, 3: THIRD_NODE_SAMPLERS}[nodes],
        "space_sources": SPACE_SOURCES,
        "sampler_sources": SAMPLER_SOURCES if nodes == 8 else SMALL_SOURCES,
        "released_settings": RELEASED,
        "supernet": RnnSkeleton(_SEARCHED_HIDDEN, _WORDS[searched], nodes),
        "probe_count": probes,
        "training": _SEARCHES,
        "parts": PARTS,
    }


_GRAMMAR = "an invented language with nothing to download"
BENCHMARKS = (
    _measured(
        "rnn-grammar",
        f"recurrent cells of eight nodes on {_GRAMMAR}",
        8,
        "grammar",
        "grammar",
        LanguageRetrainSettings(),
    ),
    _measured(
        "rnn-ptb", "recurrent cells of eight nodes on the Penn Treebank", 8, "ptb", "ptb", LanguageRetrainSettings()
    ),
    _measured(
        "rnn-wikitext2",
        "recurrent cells of eight nodes searched on the Penn Treebank, trained on WikiText-2",
        8,
        "wikitext2",
        "ptb",
        WikiText2RetrainSettings(),
    ),
    _tabulated("grammar", f"all 32 recurrent cells of two nodes on {_GRAMMAR}"),
    _tabulated("ptb", "all 32 recurrent cells of two nodes on a part of the Penn Treebank"),
    _measured(
        "rnn3-grammar",
        f"12 recurrent cells that differ in their third node, on {_GRAMMAR}",
        3,
        "grammar",
        "grammar",
        LanguageRetrainSettings(),
    ),
    _measured(
        "rnn3-ptb",
        "12 recurrent cells that differ in their third node, on the Penn Treebank",
        3,
        "ptb",
        "ptb",
        LanguageRetrainSettings(),
    ),
)
