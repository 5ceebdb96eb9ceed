"""E²NAS: where z starts, where it goes, and that every gradient it follows is the derivative of something."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.latent.nb201_latents import one_hot
from nasrepro.methods import catalog
from nasrepro.methods.e2nas import E2NASSettings, LatentSampler, sigmoid_gamma, weights_read
from nasrepro.methods.resolving import resolve
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Genotype, NB201Space
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.sampler import Lessons

SPACE = NB201Space()


def sampler(seed=0, **settings):
    return LatentSampler(SPACE, E2NASSettings(**settings), seed)


@pytest.fixture(scope="module")
def lessons():
    network = NB201Network(Skeleton(4, 1, 1, 8, 3, in_channels=1), rng=torch_rng(0, "weights")).double()
    network.dtype = torch.float64
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(6, 1, 8, 8, generator=rng, dtype=torch.float64)
    y = torch.randint(3, (6,), generator=rng)
    return Lessons(network, None, lambda: (x, y), None)


def moved(made, lessons):
    """What one step descends; alpha is put back."""
    taken = []
    made.descend = taken.append
    made.learn(lessons, None)
    return taken[0]


def visited(**settings):
    """A sampler whose archive holds three points near its own."""
    made = sampler(**settings)
    for number in range(3):
        z = made.alpha.detach() + 0.1 * number
        chosen = one_hot(tuple(made.latents.decode(z[None])[0].tolist()))
        made._archive.visit(z, made._archive.measure(z, chosen))
    return made


def test_the_schedule_is_the_released_one():
    seen = [sigmoid_gamma(10, epoch, 250) for epoch in (0, 100, 125, 150, 249)]
    assert seen == pytest.approx([0.99995, 0.881, 0.5, 0.119, 4.9e-5], rel=2e-2)
    assert [sigmoid_gamma(1, epoch, 250) for epoch in (0, 249)] == pytest.approx([0.731, 0.270], abs=1e-3)
    made = sampler(gamma=0.2)
    made.begin_epoch(7, 10)
    assert made.gamma == 0.2
    falling = sampler(gamma_slope=2.0)
    falling.begin_epoch(5, 10)
    assert falling.gamma == 0.5


def test_z_starts_at_a_random_cell_and_every_seed_at_another():
    cells = [NB201Genotype(sampler(seed).argmax()) for seed in range(6)]
    assert len(set(cells)) == 6
    made = sampler(3)
    assert torch.equal(made.alpha.detach(), made.latents.encode(np.array([cells[3].ops]))[0])


def test_the_other_starts_are_around_the_origin():
    near, drawn = sampler(start="origin"), sampler(start="prior")
    assert 2e-4 < float(near.alpha.detach().std()) < 3e-3
    assert 0.5 < float(drawn.alpha.detach().std()) < 1.6


def test_the_gradient_through_the_mixture_is_that_of_its_validation_loss(lessons):
    made = sampler(relaxation="mixture", gamma=0.0, balanced=False, bounded=False, temperature=1.0, start="prior")
    gradient = moved(made, lessons)
    x, y = lessons.valid_batch()

    def loss(z):
        return F.cross_entropy(lessons.network(x, made.latents.probabilities(z, feed="soft")), y)

    z, step = made.alpha.detach(), 1e-5
    for seed in range(3):
        direction = torch.randn(len(z), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        with torch.no_grad():
            slope = (loss(z + step * direction) - loss(z - step * direction)) / (2 * step)
        assert float(gradient @ direction) == pytest.approx(float(slope), rel=1e-3)


def test_straight_through_hands_the_gradient_of_the_gates_to_the_decoder(lessons):
    made = sampler(gamma=0.0, balanced=False)
    path = made.argmax()
    gradient = moved(made, lessons)
    gates = one_hot(path).view(6, 5).requires_grad_()
    x, y = lessons.valid_batch()
    (upstream,) = torch.autograd.grad(F.cross_entropy(lessons.network(x, path, gates), y), [gates])
    z, codes, step = made.alpha.detach(), torch.tensor(path), 1e-5
    for axis in (0, 7, 19):
        ahead, behind = (
            made.latents.probabilities(z + s * step * torch.eye(20, dtype=z.dtype)[axis], codes, temperature=5.0)
            for s in (1, -1)
        )
        slope = float(((ahead - behind) / (2 * step) * upstream).sum())
        assert float(gradient[axis]) == pytest.approx(slope, rel=1e-3, abs=1e-9)
    assert gradient.norm() > 0


def test_with_all_operations_run_the_gates_have_the_derivatives_of_the_mixture(lessons):
    made = sampler(gamma=0.0, balanced=False, bounded=False, relaxation="linearized")
    path = made.argmax()
    gradient = moved(made, lessons)
    x, y = lessons.valid_batch()
    z, hard, codes = made.alpha.detach(), one_hot(path).view(6, 5), torch.tensor(path)

    def loss(at):
        soft = made.latents.probabilities(at, codes, temperature=5.0)
        here = made.latents.probabilities(z, codes, temperature=5.0)
        return F.cross_entropy(lessons.network(x, hard + soft - here), y)

    direction = torch.randn(len(z), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        slope = (loss(z + 1e-5 * direction) - loss(z - 1e-5 * direction)) / 2e-5
        alone = F.cross_entropy(lessons.network(x, path), y)
        assert float(loss(z)) == pytest.approx(float(alone))
    assert float(gradient @ direction) == pytest.approx(float(slope), rel=1e-3)


def test_the_released_gradient_goes_past_the_decoder(lessons):
    made = sampler(latent=30, relaxation="coordinates", start="origin", gamma=0.0, balanced=False, bounded=False)
    path = made.argmax()
    gradient = moved(made, lessons)
    gates = one_hot(path).view(6, 5).requires_grad_()
    x, y = lessons.valid_batch()
    (upstream,) = torch.autograd.grad(F.cross_entropy(lessons.network(x, path, gates), y), [gates])
    soft, flat = made.alpha.detach().softmax(0), upstream.flatten()
    assert torch.allclose(gradient, soft * (flat - soft @ flat))


@pytest.mark.parametrize(("novelty", "sign"), [("sought", -1), ("as-printed", 1)])
def test_novelty_enters_the_gradient_with_its_sign(lessons, novelty, sign):
    def step(gamma):
        made = visited(novelty=novelty, balanced=False)
        made.gamma = gamma
        (of_novelty,) = torch.autograd.grad(
            made._archive.measure(made.alpha, one_hot(made.argmax())).value, [made.alpha]
        )
        return moved(made, lessons), of_novelty

    plain, _ = step(0.0)
    mixed, of_novelty = step(0.3)
    assert torch.allclose(mixed, 0.7 * plain + sign * 0.3 * of_novelty)
    assert of_novelty.norm() > 1e-3


def test_as_released_novelty_has_no_gradient(lessons):
    plain, mixed = sampler(balanced=False), sampler(novelty="constant", balanced=False)
    mixed.gamma = 0.25
    assert torch.allclose(moved(mixed, lessons), 0.75 * moved(plain, lessons))


def test_balanced_gradients_have_the_weights_of_gamma(lessons):
    loss, _ = visited()._of_loss(lessons, visited().argmax())
    novelty = visited()._of_novelty(visited().argmax())
    made = visited()
    made.gamma = 0.3
    assert torch.allclose(moved(made, lessons), 0.7 * loss / loss.norm() - 0.3 * novelty / novelty.norm())


def test_z_stays_where_cells_are(lessons):
    made = sampler(alpha_lr=10.0, gamma=0.5)
    for _ in range(3):
        made.learn(lessons, None)
    assert bool((made.alpha <= made.latents.extent.high).all() and (made.alpha >= made.latents.extent.low).all())
    free = sampler(alpha_lr=10.0, gamma=0.5, bounded=False)
    free.learn(lessons, None)
    assert bool((free.alpha.abs() > 5).any())


def test_learning_leaves_nothing_on_the_weights_and_counts_its_paths(lessons):
    assert sampler().learn(lessons, None) == 1
    assert sampler(relaxation="mixture").learn(lessons, None) == 5
    assert all(weight.grad is None for weight in lessons.network.parameters())


def test_drawn_cells_differ_and_answers_leave_the_training_alone(lessons):
    made, asked = (sampler(latent=30, novelty="constant", decoding="drawn", start="origin") for _ in range(2))
    answers = {asked.argmax() for _ in range(20)}
    assert len(answers) == 1
    trained = [made.sample() for _ in range(60)]
    assert len(set(trained)) > 1
    assert [asked.sample() for _ in range(60)] == trained
    later = set()
    for epoch in range(30):
        asked.learn(lessons, None)
        asked.end_epoch(lessons, epoch, 30)
        later.add(asked.argmax())
    assert len(later) > 1
    assert len({sampler().argmax() for _ in range(3)}) == 1


def test_novelty_in_a_space_without_room_for_it_is_refused():
    with pytest.raises(ValueError, match="fewer than 24 dimensions"):
        sampler(latent=30)
    assert sampler(latent=30, gamma=0.0).latents.size == 30


def test_curves_are_means_of_an_epoch(lessons):
    made = sampler(gamma=0.5)
    made.begin_epoch(0, 2)
    for _ in range(3):
        made.learn(lessons, None)
    made.end_epoch(lessons, 0, 2)
    curves = made.curves()
    assert curves["γ"] == [(1.0, 0.5)]
    assert set(curves) == {"γ", "validation loss", "gradient of the loss", "novelty", "gradient of novelty"}
    assert all(len(points) == 1 for points in curves.values())


def test_seeds_share_out_the_autoencoders_and_the_key_knows_which():
    def read(seed, **settings):
        return weights_read({"sampler": E2NASSettings(**settings).model_dump()}, seed)["autoencoder"]

    assert read(0) == read(5) == read(7, autoencoder=0) != read(1)
    assert len({read(seed) for seed in range(5)}) == 5
    with pytest.raises(UserError, match="allowed: 0 to 4"):
        read(0, autoencoder=5)


READINGS = {
    "latent": (20, 20, 30),
    "start": ("cell", "prior", "origin"),
    "relaxation": ("straight-through", "mixture", "coordinates"),
    "temperature": (5.0, 1.0, 5.0),
    "decoding": ("likeliest", "likeliest", "drawn"),
    "novelty": ("sought", "as-printed", "constant"),
    "balanced": (True, False, False),
    "bounded": (True, False, False),
    "alpha_weight_decay": (0.0, 0.0, 1e-3),
}


def test_three_protocols_are_three_readings():
    method, target = catalog.get("e2nas"), benchmarks.get("nb201-digits")
    assert set(method.protocols) == {"sound", "as-written", "as-released"}
    for number, protocol in enumerate(("sound", "as-written", "as-released")):
        settings = resolve(method, target, "paper", protocol=protocol)
        assert {name: settings["sampler"][name] for name in READINGS} == {
            name: values[number] for name, values in READINGS.items()
        }
        loss = settings["regularizer"]
        wanted = ("normalized", "as-printed", "normalized")[number], protocol == "as-released"
        assert (loss["weighting"], loss["detached"]) == wanted


@pytest.mark.parametrize("protocol", ["sound", "as-written", "as-released"])
def test_a_sampler_continues_from_its_state(lessons, protocol):
    settings = resolve(catalog.get("e2nas"), benchmarks.get("nb201-digits"), "laptop", protocol=protocol)["sampler"]

    def walk(made, epochs):
        seen = []
        for epoch in epochs:
            made.begin_epoch(epoch, 4)
            for _ in range(3):
                seen.append(made.sample())
                made.learn(lessons, None)
            made.end_epoch(lessons, epoch, 4)
            seen.append(made.argmax())
        return seen

    whole, first, second = (sampler(1, **settings) for _ in range(3))
    expected = walk(whole, range(4))
    walk(first, range(2))
    second.load_state_dict(first.state_dict())
    assert walk(second, range(2, 4)) == expected[8:]
    assert torch.equal(second.alpha, whole.alpha)
    assert second.curves() == whole.curves()
