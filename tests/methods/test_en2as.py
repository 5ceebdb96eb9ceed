"""EN²AS: the estimate that moves its archive, what is trained, what is counted, and that its state is complete."""

import math

import numpy as np
import pytest
import torch

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.en2as import NoveltySampler, RewardedNoveltySampler, RewardedSettings
from nasrepro.methods.en2as_archive import Archive, ArchiveSettings
from nasrepro.methods.resolving import resolve
from nasrepro.methods.rewards import reward, rewards
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.spaces.novelty import novelty
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training import checkpoint
from nasrepro.training.sampler import Lessons

SPACE = NB201Space()
EVERY_CELL = np.array([cell.ops for cell in SPACE], dtype=np.int8)
DIGITS = benchmarks.get("nb201-digits")
RELEASED = {"gamma": 0.01, "centered": False, "kept": "rounded", "compared": 3}


class Judge(torch.nn.Module):
    """Right as often, out of ten images, as the path has 3×3 convolutions."""

    def forward(self, x, path):
        right = torch.arange(10) < path.count(3)
        return torch.stack([right.float(), 1 - right.float()], 1)


class Pupil:
    """Lessons that count how many validation batches were drawn."""

    def __init__(self):
        self.batches = 0
        self.lessons = Lessons(Judge(), None, self._batch, None)

    def _batch(self):
        self.batches += 1
        return torch.zeros(10), torch.zeros(10, dtype=torch.int64)


def sampler(seed=0, **settings):
    return NoveltySampler(SPACE, ArchiveSettings(**settings), seed)


def rewarded(seed=0, **settings):
    return RewardedNoveltySampler(SPACE, RewardedSettings(**settings), seed)


def trained(made, steps, pupil=None):
    """The cells that so many steps train."""
    lessons = (pupil or Pupil()).lessons
    cells = []
    for _ in range(steps):
        assert made.learn(lessons, None) == 0
        cells.append(made.sample())
    return cells


def small_archive(**settings):
    """Twelve cells, whose first has genes between operations."""
    made = Archive(SPACE, ArchiveSettings(**{"archive": 12, "neighbors": 3, **settings}))
    rng = np.random.default_rng(0)
    for _ in range(12):
        made.join(SPACE.sample(rng).ops)
    made.genes[0] = [1.3, 2.2, 1.6, 2.8, 0.9, 2.4]
    made.codes[0] = [1, 2, 2, 3, 1, 2]
    return made


def smoothed(made, genes):
    """E[N(genes + σ ε)] summed over all cells, each with the probability that the perturbed genes round to it."""
    edges = np.array([-np.inf, 0.5, 1.5, 2.5, 3.5, np.inf])
    below = np.array([[0.5 * (1 + math.erf((e - g) / made.settings.sigma / 2**0.5)) for e in edges] for g in genes])
    chances = np.diff(below, axis=1)
    weights = np.prod([chances[edge][EVERY_CELL[:, edge]] for edge in range(6)], axis=0)
    assert weights.sum() == pytest.approx(1)
    return float(weights @ made.novelty(EVERY_CELL))


def slope(made):
    """The gradient of smoothed novelty at the first member, by finite differences."""
    found = []
    for edge in range(6):
        shift = np.zeros(6)
        shift[edge] = 1e-4
        found.append((smoothed(made, made.genes[0] + shift) - smoothed(made, made.genes[0] - shift)) / 2e-4)
    return np.array(found)


def mean_step(made, draws, seed=0):
    """How far one move takes the first member, on average."""
    rng, start, total = np.random.default_rng(seed), made.genes[0].copy(), np.zeros(6)
    for _ in range(draws):
        noise, codes = made.perturbed(0, rng)
        made.move(0, noise, made.novelty(codes))
        total += made.genes[0] - start
        made.genes[0], made.codes[0] = start, np.floor(start + 0.5)
    return total / draws


@pytest.mark.parametrize("sigma", [0.7, 1.0])
@pytest.mark.parametrize(("centered", "within"), [(True, 6e-4), (False, 3e-3)])
def test_the_estimate_is_the_gradient_of_smoothed_novelty(sigma, centered, within):
    made = small_archive(perturbations=400_000, sigma=sigma, gamma=1.0, centered=centered)
    expected = slope(made)
    assert np.abs(expected).max() > 0.015
    assert mean_step(made, 1) == pytest.approx(expected, abs=within)


def test_a_baseline_leaves_the_expected_step_alone_however_few_the_perturbations():
    made = small_archive(perturbations=2, gamma=1.0, centered=True)
    assert mean_step(made, 20_000) == pytest.approx(slope(made), abs=4e-3)


def test_a_baseline_makes_steps_shorter():
    squares = [
        np.square([mean_step(small_archive(centered=c, gamma=1.0), 1, s) for s in range(50)]).mean() for c in (1, 0)
    ]
    assert squares[0] < squares[1] / 20


def test_step_size_and_perturbations_enter_as_in_equation_8():
    made = small_archive(gamma=0.3, sigma=2.0, centered=False, perturbations=4)
    before, (noise, codes) = made.genes[0].copy(), made.perturbed(0, np.random.default_rng(1))
    assert (codes == np.clip(np.round(before + 2.0 * noise), 0, 4)).all()
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    made.move(0, noise, scores)
    expected = before + 0.3 / (4 * 2.0) * sum(score * eps for score, eps in zip(scores, noise, strict=True))
    assert made.genes[0] == pytest.approx(expected)


def test_novelty_counts_the_member_itself_and_its_nearest():
    made = small_archive()
    assert made.novelty(EVERY_CELL) == pytest.approx(novelty(SPACE, EVERY_CELL, made.codes, 3))
    others = sorted(SPACE.distance(SPACE.from_genes(made.codes[0]), SPACE.from_genes(row)) for row in made.codes[1:])
    assert made.novelty(made.codes[:1]) == pytest.approx([sum(others[:2]) / 3])


def test_the_released_distance_looks_at_half_of_the_edges():
    made = small_archive(compared=3)
    found = made.novelty(EVERY_CELL)
    assert found == pytest.approx(0.5 + novelty(SPACE, EVERY_CELL[:, :3], made.codes[:, :3], 3) / 2)
    assert found.min() >= 0.5
    changed = EVERY_CELL.copy()
    changed[:, 3:] = 0
    assert (made.novelty(changed) == found).all()


def test_the_archive_fills_with_the_uniform_cells_that_randomnas_trains():
    made, plain = sampler(archive=20), UniformSampler(SPACE, UniformSettings(), 0)
    cells = trained(made, 20)
    assert cells == [plain.sample() for _ in range(20)]
    assert made.archive.codes.tolist() == [list(cell) for cell in cells]
    assert made.archive.full
    trained(made, 50)
    assert made.archive.genes.shape == made.archive.codes.shape == (20, 6)


@pytest.mark.parametrize("kept", ["continuous", "rounded"])
def test_the_trained_cell_is_the_stored_member_rounded(kept):
    made = sampler(archive=10, neighbors=3, gamma=20.0, kept=kept)
    trained(made, 10)
    changes = 0
    for _ in range(100):
        before, codes = made.archive.genes.copy(), made.archive.codes.copy()
        (cell,) = trained(made, 1)
        moved = np.flatnonzero((made.archive.genes != before).any(axis=1))
        assert len(moved) <= 1
        assert all(cell == tuple(made.archive.codes[member]) for member in moved)
        assert list(cell) in made.archive.codes.tolist()
        assert (made.archive.codes == np.clip(np.round(made.archive.genes), 0, 4)).all()
        changes += bool((made.archive.codes != codes).any())
    assert changes > 5
    assert made.sample() == made.sample()
    assert (made.archive.genes == made.archive.codes).all() == (kept == "rounded")


def test_members_move_alike_often():
    made = sampler(archive=10, gamma=0.1)
    trained(made, 10)
    counts = np.zeros(10)
    for _ in range(500):
        before = made.archive.genes.copy()
        trained(made, 1)
        counts += (made.archive.genes != before).any(axis=1)
    assert counts.sum() == 500
    assert counts.min() > 25


def test_genes_stay_where_they_round_to_an_operation_and_come_back():
    made = small_archive(gamma=1e6)
    rng = np.random.default_rng(0)
    for _ in range(100):
        noise, codes = made.perturbed(0, rng)
        made.move(0, noise, made.novelty(codes))
        assert made.genes.min() >= -0.5
        assert made.genes.max() < 4.5
        assert 0 <= made.codes.min() <= made.codes.max() <= 4
    made = small_archive(gamma=3.0)
    for wanted in (4, 0, 4):
        for _ in range(200):
            noise, codes = made.perturbed(0, rng)
            made.move(0, noise, -np.abs(codes - wanted).sum(axis=1))
        assert (made.codes[0] == wanted).all()


def test_at_the_default_step_the_archive_becomes_more_novel_than_uniform_cells():
    gains = []
    for seed in range(3):
        made = sampler(seed)
        trained(made, 100)
        before = made.archive.spread()["mean novelty in the archive"]
        trained(made, 1600)
        gains.append(made.archive.spread()["mean novelty in the archive"] - before)
        made.end_epoch(None, 0, 1)
        assert 0.3 < made.curves()["share of steps that change the cell"][0][1] < 0.5
    assert min(gains) > 0.015


@pytest.mark.parametrize("settings", [RELEASED, {"gamma": 0.1, "centered": False}])
def test_published_steps_change_no_cell_of_a_short_run(settings):
    made = sampler(**settings)
    cells = trained(made, 100)
    assert set(trained(made, 1600)) <= set(cells)
    assert made.archive.codes.tolist() == [list(cell) for cell in cells]
    made.end_epoch(None, 0, 1)
    assert made.curves()["share of steps that change the cell"] == [(1.0, 0.0)]


def test_the_curves_measure_the_archive_by_epoch_once_it_moves():
    made = sampler(archive=4, neighbors=2, gamma=0.0)
    trained(made, 3)
    assert made.end_epoch(None, 0, 3) == 0
    assert made.curves() == {}
    trained(made, 6)
    made.archive.load_state_dict({"genes": [[0] * 6, [0] * 6, [0, 0, 0, 1, 1, 1], [4] * 6]})
    made.end_epoch(None, 1, 3)
    assert made.curves() == {
        "share of steps that change the cell": [(2.0, 0.0)],
        "distinct cells in the archive": [(2.0, 3.0)],
        "mean distance in the archive": [(2.0, pytest.approx((0 + 0.5 + 0.5 + 1 + 1 + 1) / 6))],
        "mean distance to the nearest cell": [(2.0, pytest.approx((0 + 0 + 0.5 + 1) / 4))],
        "mean novelty in the archive": [(2.0, pytest.approx((0.25 + 0.25 + 0.5 + 1) / 4))],
    }


@pytest.mark.parametrize(("reward", "sign"), [("accuracy", 1), ("error", -1)])
def test_a_reward_leads_to_good_cells_and_the_released_one_away_from_them(reward, sign):
    made = rewarded(archive=20, reward_weight=1.0, reward=reward, gamma=3.0)
    trained(made, 20)
    before = (made.archive.codes == 3).mean()
    trained(made, 600)
    assert sign * ((made.archive.codes == 3).mean() - before) > 0.1


def test_scores_weigh_accuracy_and_novelty_as_in_equation_9():
    made = rewarded(archive=12, reward_weight=0.3)
    trained(made, 12)
    codes = EVERY_CELL[:50]
    accuracies = (codes == 3).sum(axis=1) / 10
    expected = 0.3 * accuracies + 0.7 * made.archive.novelty(codes)
    assert made._scores(codes, Pupil().lessons) == pytest.approx(expected)


def test_rewards_of_paths_that_run_together_are_those_of_single_ones():
    x, y = torch.randn(64, 1, 8, 8, generator=torch_rng(0, "x")), torch.arange(64) % 10
    network = NB201Network(Skeleton(4, 1, 2, 8, 10, in_channels=1), rng=torch_rng(0, "weights"))
    lessons = Lessons(network, None, lambda: (x, y), None)
    paths = [cell.ops for cell in [*SPACE][:40]]
    alone = [reward(lessons, path) for path in paths]
    assert len(set(alone)) > 5
    assert rewards(lessons, paths) == pytest.approx(alone, abs=1.01 / 64)  # a tie may be rounded the other way
    assert network.training


def test_rewards_are_counted_and_share_a_batch():
    made, pupil = rewarded(archive=10, perturbations=7), Pupil()
    trained(made, 10, pupil)
    assert pupil.batches == 0
    assert made.end_epoch(None, 0, 2) == 0
    trained(made, 5, pupil)
    assert pupil.batches == 5
    assert made.end_epoch(None, 1, 2) == 35
    assert made.end_epoch(None, 2, 3) == 0
    plain, pupil = sampler(archive=10), Pupil()
    trained(plain, 30, pupil)
    assert pupil.batches == plain.end_epoch(None, 0, 1) == 0


@pytest.mark.parametrize("make", [sampler, rewarded])
@pytest.mark.parametrize("steps", [5, 25])  # while it fills, and after
def test_state_round_trip_continues_the_same_cells(make, steps, tmp_path):
    first, second = make(archive=12), make(seed=9, archive=12)
    trained(first, steps)
    trained(second, 3)
    first.end_epoch(None, 0, 2)
    checkpoint.save(tmp_path / "c.pt", first.state_dict())
    second.load_state_dict(checkpoint.load(tmp_path / "c.pt"))
    assert trained(first, 40) == trained(second, 40)
    assert (first.archive.genes == second.archive.genes).all()
    assert first.end_epoch(None, 1, 2) == second.end_epoch(None, 1, 2)
    assert first.curves() == {name: [tuple(p) for p in points] for name, points in second.curves().items()}


def test_a_state_does_not_change_when_training_goes_on():
    made = sampler(archive=12)
    trained(made, 12)
    state = made.state_dict()
    genes = [list(row) for row in state["archive"]["genes"]]
    trained(made, 50)
    made.end_epoch(None, 0, 1)
    assert state["archive"]["genes"] == genes
    assert state["curves"] == {}


def test_the_published_settings():
    paper = resolve(catalog.get("en2as-pr"), DIGITS, "paper", protocol="as-written")["sampler"]
    assert paper == {
        "archive": 100, "perturbations": 10, "sigma": 1.0, "gamma": 0.1, "neighbors": 10, "centered": False,
        "kept": "continuous", "compared": None, "reward_weight": 0.5, "reward": "accuracy",
    }  # fmt: skip
    released = resolve(catalog.get("en2as-pr"), DIGITS, "paper", protocol="as-released")["sampler"]
    assert {name: released[name] for name in RELEASED} == RELEASED
    assert (released["archive"], released["reward"]) == (1000, "error")
    assert "reward" not in resolve(catalog.get("en2as"), DIGITS, "paper")["sampler"]


def test_more_neighbors_than_cells_are_refused():
    with pytest.raises(UserError, match="10 neighbors in an archive of 5"):
        resolve(catalog.get("en2as"), DIGITS, "laptop", {"sampler": {"archive": 5}})


def test_in_the_darts_space_the_first_nodes_of_both_cells_are_compared_as_released():
    space, rng = DartsSpace(), np.random.default_rng(0)
    made = Archive(space, ArchiveSettings(archive=6, neighbors=1, compared=4))
    for _ in range(6):
        made.join(space.genes(space.sample(rng)))
    member = made.codes[:1].copy()
    assert made.novelty(member) == pytest.approx([0.5])  # at distance 0 of itself, as far as is looked
    for place in (*range(8, 16), *range(24, 32)):
        changed = member.copy()
        changed[0, place] = (changed[0, place] + 1) % space.gene_sizes[place]
        assert made.novelty(changed) == pytest.approx([0.5])
    changed = member.copy()
    changed[0, 17] = (changed[0, 17] + 1) % 8
    assert made.novelty(changed)[0] > 0.5
