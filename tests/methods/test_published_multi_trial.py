"""Searches on the real table against the means that NAS-Bench-201 and NATS-Bench publish for them, 500 seeds each.

The rule. A query costs the training time of the 12-epoch run behind it. NAS-Bench-201 spends 12,000 simulated seconds
and drops the cell that would overshoot them; NATS-Bench spends 20,000 on CIFAR-10 and keeps it. The answer is the best
of the history by 12-epoch validation accuracy; the mean CIFAR-10 test accuracy of its 200-epoch trainings is compared.

The published means were read in lists that quote them; the two papers themselves were not at hand.

What the table cannot follow: it holds no time of a validation pass (3 % of a query in the official records, so searches
here make that many more queries); its 12-epoch accuracies are means over two trials, while a published reward is one of
them (in two official records that were read they are 1.3 and 1.4 points apart); and it holds NATS-Bench's values, which
are not those that NAS-Bench-201 was first published with.

What comes of it, as the difference of means and in its standard errors, both samples counted:

    method          NAS-Bench-201           NATS-Bench
    random search   93.74, +0.04 (1.9 SE)   93.87, +0.01 (0.6 SE)
    REA             93.91, −0.01 (0.3 SE)   94.08, +0.06 (3.2 SE)
    REINFORCE       93.81, −0.04 (1.9 SE)   93.94, +0.04 (2.7 SE)

So four of the six agree within two standard errors. Under NATS-Bench's budget the two searches that learn from rewards
do better here, by 0.06 and 0.04 points. Less noisy rewards can do that: with Gaussian noise of 0.3 points added to
every reward REA comes to 94.03, though random search then falls to 93.83. With 3,000 seeds random search under
NAS-Bench-201's budget is 0.06 above the published mean (3.3 SE): agreement there is for want of seeds.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from nasrepro import benchmarks
from nasrepro.methods import catalog
from nasrepro.methods.context import SearchContext
from nasrepro.methods.resolving import resolve
from nasrepro.oracles.table import TableOracle
from nasrepro.splits import Split

CIFAR = benchmarks.get("nb201-cifar10")
SEEDS = PUBLISHED_RUNS = 500
PUBLISHED = {
    ("random-search-timed", "nas-bench-201"): (93.70, 0.36),
    ("rea-timed", "nas-bench-201"): (93.92, 0.30),
    ("random-search-timed", "nats-bench"): (93.86, 0.23),
    ("rea-timed", "nats-bench"): (94.02, 0.31),
}
"""Mean and standard deviation of CIFAR-10 test accuracy over 500 runs."""


@pytest.fixture(scope="module")
def table():
    path = Path(os.environ.get("NASREPRO_DATA", "/nonexistent"), "nb201", "nasbench201.npz")
    if not path.exists():
        pytest.skip("NASREPRO_DATA holds no nb201/nasbench201.npz")
    oracle = TableOracle.load(path, name="nb201")
    if "NATS-Bench" not in oracle.source:
        pytest.skip(f"the figures are of NATS-Bench's values, not of those from {oracle.source}")
    return oracle


def found(table, method, rule, tmp_path):
    """CIFAR-10 test accuracies of what 500 searches find; and how many cells they looked up."""
    search = catalog.get(method).build()
    settings = resolve(catalog.get(method), CIFAR, "paper", {"search": {"rule": rule}})
    values, queries = [], []
    for seed in range(SEEDS):
        context = SearchContext(
            space=CIFAR.space,
            seed=seed,
            settings=settings,
            search_fidelity=CIFAR.search,
            probe_cells=[],
            work=tmp_path,
            report=lambda done, total: None,
            _oracle=table,
        )
        genotype = search(context).answer.genotype
        values.append(table.query(genotype, dataset="cifar10", split=Split.TEST, epochs=200).value)
        queries.append(context.queries["valid"])
    return np.array(values), np.array(queries)


@pytest.mark.parametrize(("method", "rule"), PUBLISHED)
def test_the_published_mean_comes_about(table, method, rule, tmp_path):
    values, queries = found(table, method, rule, tmp_path)
    mean, std = PUBLISHED[method, rule]
    error = np.sqrt(values.var(ddof=1) / SEEDS + std**2 / PUBLISHED_RUNS)
    difference = values.mean() - mean
    if (method, rule) == ("rea-timed", "nats-bench"):
        assert difference > 2 * error  # not the published mean: should it come about one day, this text is out of date
        assert difference < 0.08
    else:
        assert abs(difference) < 2 * error
    assert (95 if rule == "nas-bench-201" else 160) < queries.mean() < (115 if rule == "nas-bench-201" else 190)
