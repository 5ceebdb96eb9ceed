"""Novelty of latent points: every derivative against finite differences, and against brute force where there is one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from nasrepro.latent.graph_vae import GraphVAE
from nasrepro.latent.nb201_latents import CellLatents, one_hot
from nasrepro.latent.novelty import LatentNovelty, Tangent


@pytest.fixture(scope="module")
def latents():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return CellLatents(GraphVAE(hidden=16, latent=20, bidirectional=True))


def along(latents, z, chosen):
    return latents.probabilities(z, chosen.view(6, 5).argmax(1)).flatten()


def novelty_of(latents, archive=50):
    return LatentNovelty(lambda z, chosen: along(latents, z, chosen), latents.extent.noise, archive)


def point(seed, size=20):
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def chosen_at(latents, z):
    return one_hot(tuple(latents.decode(z.unsqueeze(0))[0].tolist()))


@pytest.fixture
def filled(latents):
    novelty = novelty_of(latents)
    for seed in range(6):
        z = 0.3 * point(seed)
        novelty.visit(z, novelty.measure(z, chosen_at(latents, z)))
    return novelty


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_of_novelty_agrees_with_finite_differences(latents, filled, seed):
    z = (0.3 * point(10 + seed)).requires_grad_()
    chosen = chosen_at(latents, z)
    (gradient,) = torch.autograd.grad(filled.measure(z, chosen).value, [z])
    assert gradient.norm() > 1e-3
    direction, step = point(20 + seed), 1e-5
    with torch.no_grad():
        ahead, behind = (filled.measure(z + s * step * direction, chosen).value for s in (1, -1))
    assert gradient @ direction == pytest.approx(float(ahead - behind) / (2 * step), rel=1e-3)


def test_each_part_alone_has_the_derivative_of_finite_differences():
    rng = torch.Generator().manual_seed(0)
    jacobian = torch.randn(30, 20, generator=rng, dtype=torch.float64, requires_grad=True)
    residual = torch.randn(30, generator=rng, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda j, r: Tangent.apply(j, r, 1e-2)[0], (jacobian, residual))
    assert torch.autograd.gradcheck(lambda j, r: Tangent.apply(j, r, 1e-2)[1], (jacobian, residual))
    assert torch.autograd.gradcheck(lambda j, r: Tangent.apply(j, r, 0.5)[1], (jacobian, residual))


def test_singular_values_that_agree_do_no_harm():
    jacobian = torch.eye(6, 3, dtype=torch.float64, requires_grad=True)
    residual = torch.ones(6, dtype=torch.float64, requires_grad=True)
    volume, outside = Tangent.apply(jacobian, residual, 0.0)
    assert (volume.item(), outside.item()) == (0.0, 3.0)
    for gradient in torch.autograd.grad(volume + outside, [jacobian, residual]):
        assert torch.isfinite(gradient).all()


def test_the_tangent_space_splits_a_residual_as_projection_does():
    rng = np.random.default_rng(0)
    jacobian, residual = rng.normal(size=(30, 20)), rng.normal(size=30)
    inside = jacobian @ np.linalg.lstsq(jacobian, residual, rcond=None)[0]
    volume, outside = Tangent.apply(torch.tensor(jacobian), torch.tensor(residual), 0.0)
    assert float(outside) == pytest.approx(np.square(residual - inside).sum())
    assert float(volume) == pytest.approx(0.5 * np.linalg.slogdet(jacobian.T @ jacobian)[1])


def test_the_value_is_equation_6_written_out(latents, filled):
    z = 0.3 * point(30)
    chosen = chosen_at(latents, z)
    points, distances = torch.stack(list(filled._points)).numpy(), np.array(filled._distances)
    jacobian = torch.autograd.functional.jacobian(lambda p: along(latents, p, chosen), z).numpy()
    left, values, _ = np.linalg.svd(jacobian, full_matrices=False)
    damped = values**2 + 1e-4
    residual = (chosen - along(latents, z, chosen)).numpy()
    outside = residual - left @ (values**2 / damped * (left.T @ residual))
    distance = math.sqrt(residual @ outside + 10 * 1e-4)
    spread = np.sqrt(points.var(0) + latents.extent.noise.numpy() ** 2)
    log_latent = norm.logpdf(z.numpy(), points.mean(0), spread).sum()
    of_log = norm.logpdf(math.log(distance), distances.mean(), math.sqrt(distances.var() + 0.01))
    log_distance = of_log - math.log(distance)
    sphere = math.lgamma(5) - math.log(2 * math.pi**4.5 * distance**9)
    expected = -(-0.5 * np.log(damped).sum() + log_latent + sphere + log_distance)
    assert float(filled.measure(z, chosen).value) == pytest.approx(expected, rel=1e-9)


def test_a_point_like_those_visited_is_less_novel_than_one_far_from_them(latents):
    novelty = novelty_of(latents)
    for seed in range(5):
        z = 0.01 * point(seed)
        novelty.visit(z, novelty.measure(z, chosen_at(latents, z)))
    near, far = 0.01 * point(9), 2 * point(9)
    assert novelty.measure(near, chosen_at(latents, near)).latent > novelty.measure(far, chosen_at(latents, far)).latent
    z = near.clone().requires_grad_()
    measured = novelty.measure(z, chosen_at(latents, z))
    (gradient,) = torch.autograd.grad(measured.value, [z])
    further = (z + 1e-4 * gradient / gradient.norm()).detach()
    assert novelty.measure(further, chosen_at(latents, near)).value > measured.value


def test_the_archive_forgets_the_oldest_and_survives_a_checkpoint(latents):
    novelty = novelty_of(latents, archive=3)
    assert not novelty.ready
    for seed in range(5):
        z = point(seed)
        novelty.visit(z, novelty.measure(z, chosen_at(latents, z)))
    again = novelty_of(latents, archive=3)
    again.load_state_dict(novelty.state_dict())
    assert again.ready
    assert len(again.state_dict()["points"]) == 3
    z = point(7)
    chosen = chosen_at(latents, z)
    before, after, empty = (float(made.measure(z, chosen).value) for made in (novelty, again, novelty_of(latents)))
    assert before == after != empty


@pytest.mark.parametrize("size", [24, 30])
def test_a_latent_space_as_large_as_the_probabilities_has_no_outside(size):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        wide = CellLatents(GraphVAE(hidden=8, latent=size, bidirectional=False))
    z = point(0, size=size)
    with pytest.raises(ValueError, match=f"{size} dimensions"):
        novelty_of(wide).measure(z, chosen_at(wide, z))
