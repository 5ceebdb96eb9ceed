"""NSAS: which constraints are kept, the loss and gradient they give, and its controls."""

import numpy as np
import pytest
import torch
from small_supernet import TinySupernet

from nasrepro.regularizers.nsas import NSAS, NSASSettings, renewed
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.spaces.novelty import distances
from nasrepro.training.regularizer import WeightStep

SPACE = NB201Space()
NOW = (3, 0, 2, 2, 1, 3)
MEMBERS = [(2, 3, 3, 0, 2, 1), (3, 1, 2, 2, 1, 2), (1, 2, 0, 3, 3, 2)]


def made(seed=0, **settings):
    return NSAS(SPACE, NSASSettings(**{"archive": 3, "recent": 6, "draws": 4, **settings}), seed)


def paths(count, seed=0):
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng).ops for _ in range(count)]


def novelty_of(path, others, k):
    """Eq. 7, word by word."""
    far = sorted(sum(a != b for a, b in zip(path, other, strict=True)) / 6 for other in others)
    return sum(far[:k]) / k


def algorithm_one(archive, path, draws, k):
    """Exchange after exchange, with the novelty of what stands in the slot computed anew each time."""
    alike = [sum(a == b for a, b in zip(path, member, strict=True)) for member in archive]
    slot = alike.index(max(alike))
    others = [member for at, member in enumerate(archive) if at != slot]
    standing = archive[slot]
    for draw in draws:
        if novelty_of(draw, others, k) > novelty_of(standing, others, k) + 1e-12:
            standing = draw
    return slot, standing


@pytest.mark.parametrize("k", [1, 2, 10])
def test_the_renewed_place_is_where_algorithm_one_ends(k):
    changed = 0
    for seed in range(200):
        *archive, path = paths(6, seed)
        draws = paths(8, 1000 + seed)
        found = renewed(SPACE, archive, path, draws, k)
        assert found == algorithm_one(archive, path, draws, min(k, 4))
        changed += found[1] != archive[found[0]]
    assert 50 < changed < 200


def test_the_first_of_equally_similar_members_may_be_replaced_and_only_by_a_more_novel_one():
    archive = [(0,) * 6, (1,) * 6, (2,) * 6]
    path = (0, 0, 0, 1, 1, 1)
    assert renewed(SPACE, archive, path, [(1,) * 6, (1, 1, 1, 1, 1, 3)], 2) == (0, (0,) * 6)
    equally = [(3,) * 6, (4,) * 6]  # as far from the two others as the member is
    assert renewed(SPACE, archive, path, equally, 2) == (0, (0,) * 6)
    near = [(0,) * 6, (0, 0, 0, 0, 0, 1)]
    assert renewed(SPACE, near, (0,) * 6, [(0, 0, 0, 0, 2, 2), *equally], 10) == (0, (3,) * 6)


def test_the_archive_fills_with_visited_paths_and_is_renewed_from_recent_ones_only():
    regularizer, supernet = made(), TinySupernet()
    visited = paths(40)
    seen = []
    for at, path in enumerate(visited):
        step = supernet.step(path)
        before = list(regularizer.archive)
        loss = regularizer.loss(step)
        if at < 3:
            assert loss is step.cross_entropy(path)
            assert step.paths_run == 1
            assert before == visited[:at]
        else:
            new = [member for member in regularizer.archive if member not in before]
            assert len(new) <= 1
            assert set(new) <= set(visited[max(0, at - 6) : at])
            seen += new
            assert len(set(regularizer.archive) | {path}) == step.paths_run
        regularizer.after_step(step)
    assert seen
    assert list(regularizer.recent) == visited[-6:]


@pytest.mark.parametrize(("size", "most"), [(2, 1.0), (4, 1.0), (8, 25 / 28)])
def test_diversity_only_grows_and_once_it_is_the_greatest_the_constraints_are_the_same_for_ever(size, most):
    """Of eight members at least three pairs share the operation of an edge, as there are but five operations."""
    every = paths(2000, seed=size)

    def diversity():
        return distances(SPACE, np.array(archive), np.array(archive)).sum() / (size * (size - 1))

    archive, changed = every[:size], 0
    rng = np.random.default_rng(0)
    for at in range(size, len(every)):
        recent = every[max(0, at - 50) : at]
        slot, member = renewed(SPACE, archive, every[at], [recent[i] for i in rng.integers(len(recent), size=10)], 10)
        if member != archive[slot]:
            changed, before = at, diversity()
            archive[slot] = member
            assert diversity() > before
    assert diversity() == pytest.approx(most)
    assert changed < 600


@pytest.fixture
def supernet():
    return TinySupernet()


@pytest.fixture
def loss_of(supernet):
    """The loss of step NOW with MEMBERS in the archive and nothing recent that could replace one, and the step."""

    def of(**settings):
        regularizer = made(**settings)
        state = regularizer.state_dict()
        regularizer.load_state_dict({**state, "archive": list(MEMBERS), "recent": [MEMBERS[1]]})
        step = supernet.step(NOW)
        return regularizer.loss(step), step

    return of


@pytest.mark.parametrize(
    ("settings", "own", "share"),
    [
        ({}, 0.5, 0.5 / 3),
        ({"beta": 0.2}, 0.8, 0.2 / 3),
        ({"beta": 0.2, "weighting": "as-printed"}, 1.0, 0.2),
        ({"beta": 1.0}, 0.0, 1 / 3),
    ],
)
def test_the_loss_is_that_of_equation_eight(loss_of, supernet, settings, own, share):
    loss, step = loss_of(**settings)
    terms = [supernet.step(path).cross_entropy(path).item() for path in (NOW, *MEMBERS)]
    assert len(set(terms)) == 4
    assert loss.item() == pytest.approx(own * terms[0] + share * sum(terms[1:]), rel=1e-12)
    assert step.paths_run == 4


def test_weights_that_only_a_constraint_has_get_its_gradient(loss_of, supernet):
    loss, _ = loss_of()
    alone = set(enumerate(MEMBERS[0])) - set(enumerate(NOW)) - set(enumerate(MEMBERS[1])) - set(enumerate(MEMBERS[2]))
    assert (2, 3) in alone
    weight = supernet.network.body[0].candidate(2, 3).conv.weight
    step = supernet.step(MEMBERS[0])
    (found,) = torch.autograd.grad(loss, [weight])
    (expected,) = torch.autograd.grad(step.cross_entropy(MEMBERS[0]), [weight])
    assert expected.abs().max() > 1e-4
    torch.testing.assert_close(found, expected / 6, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("weighting", ["normalized", "as-printed"])
def test_the_gradient_differs_from_the_plain_one_and_agrees_with_finite_differences(loss_of, supernet, weighting):
    settings = {"weighting": weighting, "beta": 0.4}
    found, plain = supernet.gradient(loss_of(**settings)[0]), supernet.gradient(loss_of(beta=0)[0])
    beside = found - (found @ plain) / (plain @ plain) * plain
    assert beside.norm() > 0.1 * found.norm()
    for at in found.abs().argsort(descending=True)[:20].tolist():
        measured = supernet.difference(at, lambda: loss_of(**settings)[0])
        assert measured == pytest.approx(float(found[at]), rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"detached": True}, 0.5),
        ({"detached": True, "weighting": "as-printed"}, 1.0),
        ({"beta": 0}, 1.0),
        ({"form": "replay"}, 1.0),
    ],
)
def test_where_constraints_are_no_part_of_the_loss_its_gradient_is_the_plain_one(loss_of, supernet, settings, factor):
    loss, step = loss_of(**settings)
    plain = supernet.gradient(supernet.step(NOW).cross_entropy(NOW))
    assert torch.equal(supernet.gradient(loss), factor * plain)
    assert step.paths_run == 1


def test_the_uniform_control_draws_fresh_constraints_as_soon_as_the_others_would_have_some(supernet):
    regularizer, seen = made(constraints="uniform", archive=4), []
    for path in paths(9):
        step = supernet.step(path)
        ran = []
        many = step.cross_entropies
        step.cross_entropies = lambda wanted, many=many, ran=ran: ran.append(wanted) or many(wanted)
        regularizer.loss(step)
        seen.append([other for wanted in ran for other in wanted[1:]])
        regularizer.after_step(step)
    assert [len(drawn) for drawn in seen] == [0] * 4 + [4] * 5
    assert len({path for drawn in seen for path in drawn}) == 20
    assert regularizer.archive == paths(4)


@pytest.mark.parametrize("constraints", ["novelty", "uniform"])
def test_the_replay_form_trains_one_constraint_after_the_path(supernet, constraints):
    regularizer, replayed = made(form="replay", constraints=constraints), []
    for at, path in enumerate(paths(200)):
        step = supernet.step(path)
        regularizer.loss(step)
        given = regularizer.replayed(step)
        assert len(given) == (at >= 3)
        if constraints == "novelty":
            assert set(given) <= set(regularizer.archive)
        replayed += [regularizer.archive.index(path) for path in given if path in regularizer.archive]
        regularizer.after_step(step)
    if constraints == "novelty":
        assert {0, 1, 2} == set(replayed)
    else:
        assert len(replayed) < 20


def test_nothing_is_replayed_in_the_soft_form_or_detached(supernet):
    for settings in ({}, {"form": "replay", "detached": True}):
        regularizer = made(**settings)
        regularizer.archive = list(MEMBERS)
        assert regularizer.replayed(supernet.step(NOW)) == ()


@pytest.mark.parametrize("form", ["soft", "replay"])
def test_the_state_holds_archive_recent_paths_and_the_position_of_the_draws(supernet, form):
    one, other = made(form=form), made(seed=1, form=form)

    def walk(regularizer, given):
        found = []
        for path in given:
            step = WeightStep(supernet.network, path, supernet.batch)
            loss = regularizer.loss(step).item()
            found.append((loss, list(regularizer.replayed(step))))
            regularizer.after_step(step)
        return found

    walk(one, paths(12))
    kept = one.state_dict()
    other.load_state_dict(kept)
    assert walk(one, paths(8, 7)) == walk(other, paths(8, 7))
    assert one.state_dict() == other.state_dict() != made(form=form).state_dict()
    assert len(kept["archive"]) == 3
    assert kept["archive"] is not one.archive


def test_uniform_constraints_are_of_the_kind_that_is_trained():
    space = DartsSpace()
    found = NSAS(space, NSASSettings(constraints="uniform"), 0)
    cell = space.sample(np.random.default_rng(0)).path
    assert len(found._uniform(cell)) == 16
    everywhere = found._uniform(space.path_on_edges([3] * 28))
    assert [entry // 8 for entry in everywhere] == list(range(28))
    assert len({entry % 8 for entry in everywhere}) > 3
