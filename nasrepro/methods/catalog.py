"""Every method by name: the table of named combinations, which is the whole difference between relatives."""

from __future__ import annotations

from nasrepro import plugins
from nasrepro.errors import unknown
from nasrepro.methods import protocols
from nasrepro.methods.composing import base_of, composed, parts_of
from nasrepro.methods.method import Method

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "random",
            "one uniform cell per seed: the reference of every test",
            "Sciuto et al., ICLR 2020",
            search="random:random",
            search_settings="random:RandomSettings",
        ),
        Method(
            "random-search",
            "the best of k uniform cells by looked-up validation accuracy",
            "Dong & Yang, ICLR 2020",
            search="random_search:random_search",
            search_settings="random_search:RandomSearchSettings",
            requires="multi_trial:needs_lookups",
        ),
        Method(
            "rea",
            "regularized evolution on looked-up validation accuracy",
            "Real et al., AAAI 2019; settings of Dong & Yang, ICLR 2020",
            search="rea:rea",
            search_settings="rea:REASettings",
            requires="multi_trial:needs_lookups",
        ),
        Method(
            "local-search",
            "hill climbing over single changes of a cell, restarted at every local optimum",
            "White et al., UAI 2021",
            search="local_search:local_search",
            search_settings="local_search:LocalSearchSettings",
            requires="multi_trial:needs_lookups",
        ),
        Method(
            "reinforce",
            "a softmax per edge, trained by REINFORCE on looked-up validation accuracy",
            "Williams, 1992; settings of Dong et al., TPAMI 2021",
            search="reinforce:reinforce",
            search_settings="reinforce:ReinforceSettings",
        ),
        Method(
            "multi-fidelity",
            "Hyperband with a Parzen estimator: short trainings choose the cells that are trained longer",
            "Falkner et al., ICML 2018; by the library Optuna",
            search="multi_fidelity:multi_fidelity",
            search_settings="multi_fidelity:MultiFidelitySettings",
            requires="multi_fidelity:check",
        ),
        Method(
            "nao-tabular",
            "cells are embedded by an autoencoder that predicts accuracy, and moved up its gradient",
            "Luo et al., NeurIPS 2018 (NAO), Algorithm 1",
            search="nao:nao",
            search_settings="nao:NAOSettings",
            trains=True,
            scales={"laptop": protocols.SHORT_PREDICTOR, "smoke": {"search": {"predictor_epochs": 20}}},
        ),
        Method(
            "nao-study",
            "a study: how well NAO's predictor orders and its decoder spells unseen cells, by training size",
            "Luo et al., NeurIPS 2018 (NAO), Figure 2a",
            search="nao_study:nao_study",
            search_settings="nao_study:NAOStudySettings",
            trains=True,
            scales={
                "laptop": protocols.SHORT_PREDICTOR,
                "smoke": {"search": {"held_out": 8, "sizes": [8, 16], "predictor_epochs": 20}},
            },
        ),
        Method(
            "params",
            "the largest of 100 uniform cells by parameter count: RandomNAS if it ranked by size",
            "Ning et al., NeurIPS 2021",
            search="params:params",
            search_settings="params:ParamsSettings",
        ),
        Method(
            "random-search-timed",
            "random-search under the published budget of simulated seconds",
            "Dong & Yang, ICLR 2020; Dong et al., TPAMI 2021",
            search="random_search_timed:random_search_timed",
            search_settings="simulated_time:TimedSettings",
            requires="simulated_time:needs_times",
        ),
        Method(
            "rea-timed",
            "rea under the published budget of simulated seconds",
            "Real et al., AAAI 2019; settings of Dong & Yang, ICLR 2020",
            search="rea_timed:rea_timed",
            search_settings="rea_timed:TimedREASettings",
            requires="simulated_time:needs_times",
        ),
        Method(
            "reinforce-timed",
            "reinforce under the published budget of simulated seconds",
            "Williams, 1992; settings of Dong et al., TPAMI 2021",
            search="reinforce_timed:reinforce_timed",
            search_settings="reinforce_timed:TimedReinforceSettings",
            requires="simulated_time:needs_times",
        ),
        Method(
            "randomnas",
            "supernet trained on uniform paths; the best of uniform cells under inherited weights",
            "Li & Talwalkar, UAI 2019; settings of Dong & Yang, ICLR 2020",
            sampler="uniform",
            selector="rs",
            protocols=protocols.BATCH_OF_512,
        ),
        Method(
            "randomnas-ac",
            "RandomNAS, and each step replays the path before it and a complementary one",
            "Zhang et al., NeurIPS 2020 (E²NAS), Figure 1a",
            sampler="uniform",
            regularizer="complementation",
            selector="rs",
            protocols=protocols.COMPLEMENTED,
        ),
        Method(
            "randomnas-wpl",
            "RandomNAS, and a penalty on moving weights that mattered to the paths trained before",
            "Benyahia et al., ICML 2019 (WPL), as in Zhang et al., CVPR 2020 (NSAS), Eq. 4",
            sampler="uniform",
            regularizer="wpl",
            selector="rs",
            protocols=protocols.WPL,
        ),
        Method(
            "randomnas-nsas",
            "RandomNAS, and each step also descends the losses of constraints, visited paths kept different",
            "Zhang et al., CVPR 2020 (NSAS)",
            sampler="uniform",
            regularizer="nsas",
            selector="rs",
            scales=protocols.NSAS_SCALES,
            protocols=protocols.nsas(),  # the demos halve the gradient
        ),
        Method(
            "gdas",
            "Gumbel-softmax sampling with a straight-through gradient; argmax of alpha",
            "Dong & Yang, CVPR 2019; settings of Dong & Yang, ICLR 2020",
            sampler="gumbel",
            selector="argmax",
            protocols=protocols.BATCH_OF_512,
        ),
        Method(
            "gdas-ac",
            "GDAS, and each weight step replays the path before it and a complementary one",
            "Zhang et al., NeurIPS 2020 (E²NAS), Figure 1a",
            sampler="gumbel",
            regularizer="complementation",
            selector="argmax",
            protocols=protocols.COMPLEMENTED,
        ),
        Method(
            "gdas-wpl",
            "GDAS, and a penalty on moving weights that mattered to the paths trained before",
            "Benyahia et al., ICML 2019 (WPL), as in Zhang et al., CVPR 2020 (NSAS), Eq. 4",
            sampler="gumbel",
            regularizer="wpl",
            selector="argmax",
            protocols=protocols.WPL,
        ),
        Method(
            "gdas-nsas",
            "GDAS, and each weight step also descends the losses of constraints, visited paths kept different",
            "Zhang et al., CVPR 2020 (NSAS)",
            sampler="gumbel",
            regularizer="nsas",
            selector="argmax",
            scales=protocols.NSAS_SCALES,
            protocols=protocols.nsas(
                weighting="as-printed"
            ),  # neither demo nor notebooks change the gradient of plain GDAS
        ),
        Method(
            "gdas-a",
            "GDAS without Gumbel noise: the present argmax of alpha is trained and learned from",
            "Zhang et al., NeurIPS 2020 (E²NAS), Table 2",
            sampler="gumbel-free",
            selector="argmax",
        ),
        Method(
            "darts-v1",
            "the softmax of alpha mixes all operations; first-order gradient; argmax of alpha",
            "Liu et al., ICLR 2019; settings of Dong & Yang, ICLR 2020",
            sampler="mixture",
            selector="argmax",
            training="darts:DartsTraining",
            share_of_epochs=0.2,
            protocols=protocols.BATCH_OF_512,
        ),
        Method(
            "darts-v2",
            "as darts-v1 with alpha's gradient through one unrolled weight step",
            "Liu et al., ICLR 2019; settings of Dong & Yang, ICLR 2020",
            sampler="unrolled-mixture",
            selector="argmax",
            training="darts_v2:DartsV2Training",
            scales={"laptop": {"training": {"precision": "fp32"}}},
            share_of_epochs=0.2,
            protocols=protocols.BATCH_OF_512,
        ),
        Method(
            "setn",
            "weights from uniform paths, alpha from the mixture; the best of alpha's 100 likeliest cells",
            "Dong & Yang, ICCV 2019; settings of Dong & Yang, ICLR 2020",
            sampler="template",
            selector="proposed",
            training="setn:SetnTraining",
            protocols=protocols.BATCH_OF_512,
        ),
        Method(
            "enas",
            "an LSTM controller rewarded by one-shot accuracy proposes the paths; the best of 100 it draws at the end",
            "Pham et al., ICML 2018; settings of Dong & Yang, ICLR 2020",
            sampler="controller",
            selector="proposed",
            training="enas:EnasTraining",
            scales={"laptop": {"training": {"lr_swings": 5}}, "smoke": {"training": {"lr_swings": 1}}},
            protocols=protocols.as_released(128, sampler={"baseline": "per-epoch"}),
        ),
        Method(
            "nao",
            "a pool of cells is trained; its worse half makes room for cells decoded above its best ones",
            "Luo et al., NeurIPS 2018 (NAO), with weight sharing",
            sampler="pool",
            selector="pool",
            scales={
                "laptop": {"sampler": {"pool": 300, "predictor_epochs": 200}},
                "smoke": {"sampler": {"pool": 24, "predictor_epochs": 10, "hidden": 32}},
            },
        ),
        Method(
            "e2nas",
            "a point in an autoencoder's latent space follows validation loss and novelty; its decoded cell is trained",
            "Zhang et al., NeurIPS 2020 (E²NAS)",
            sampler="latent",
            regularizer="complementation",
            selector="argmax",
            reads="e2nas:weights_read",
            protocols=protocols.E2NAS,
        ),
        Method(
            "en2as",
            "novelty keeps moving an archive of cells, and the cell that moved is trained; the best by evolution",
            "Zhang et al., Efficient Novelty-Driven Neural Architecture Search (EN²AS)",
            sampler="novelty",
            selector="ea",
            scales=protocols.EN2AS_SCALES,
            protocols=protocols.en2as(),
        ),
        Method(
            "en2as-pr",
            "as en2as with accuracy under inherited weights beside novelty",
            "Zhang et al., Efficient Novelty-Driven Neural Architecture Search (EN²AS), Eq. 9",
            sampler="rewarded-novelty",
            selector="ea",
            scales=protocols.EN2AS_SCALES,
            protocols=protocols.en2as(reward="error"),
        ),
    )
}


def names() -> list[str]:
    """All method names, plug-ins last."""
    return [*METHODS, *(name for name in plugins.announced("methods") if name not in METHODS)]


def knows(name: str) -> bool:
    """Whether `get` finds a method, or at least the base of a composed one, whose parts may yet be impossible."""
    return name in names() or base_of(name) in names()


def get(name: str) -> Method:
    """The method called `name`, from here or from a plug-in, or composed: `gdas+nsas+rs`, with that or another name.

    Raises `UserError` for what does not exist, suggesting the nearest, and for parts that cannot replace others.
    """
    if name in METHODS:
        return METHODS[name]
    if name not in names():
        if parts := parts_of(name):
            return composed(get(base_of(name)), parts, list(METHODS.values()))
        raise unknown("method", name, names())
    found: Method = plugins.load("methods", name, Method)
    return found
