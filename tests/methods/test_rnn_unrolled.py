"""Second-order DARTS on text: the gradient of the unrolled loss, the clipping of the weight step, equal masks."""

import pytest
import torch
import torch.nn.functional as F

from nasrepro.benchmarks.rnn_settings import RELEASED
from nasrepro.datasets.text_streams import Segment
from nasrepro.methods.darts_v2 import hessian_product, unrolled
from nasrepro.methods.rnn_unrolled import RnnUnrolledSampler, RnnUnrolledSettings, clip
from nasrepro.seeds import torch_rng
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.training.sampler import Lessons

SPACE = RnnSpace(2)
LR, DECAY = 2.0, 5e-3
DIRECTIONS = 6
NOTHING = Dropouts()
PUBLISHED = Dropouts(embedding=0.2, input=0.75, hidden=0.25, output=0.75)


def network(dropouts=NOTHING, spread=10.0):
    """In double precision, with weights that make something of a word; normalized as in DARTS's searches."""
    made = RnnNetwork(
        RnnSkeleton(5, 7, 2),
        sharing="node",
        normalize=True,
        dropouts=dropouts,
        tar=0.1,
        ar=0.1,
        rng=torch_rng(0, "weights"),
        masks=torch_rng(0, "masks"),
    ).double()
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(spread)
    return made.train()


def batch(seed):
    tokens = torch.randint(7, (5, 4), generator=torch.Generator().manual_seed(seed))
    return Segment(tokens[:-1]), tokens[1:].flatten()


def made(**settings):
    found = RnnUnrolledSampler(SPACE, RnnUnrolledSettings(**{"radius": 1e-5, **settings}), 0)
    values = torch.randn(3, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    found.alpha = torch.nn.Parameter(values)
    return found


def learned(sampler, net, optimizer):
    caught = []
    sampler.descend = caught.append
    assert sampler.learn(Lessons(net, optimizer, lambda: batch(4), None), batch(3)) == 20
    return caught[0]


def sgd(net):
    return torch.optim.SGD(net.parameters(), lr=LR, weight_decay=DECAY)


@pytest.mark.parametrize("dropouts", [NOTHING, PUBLISHED])
def test_where_nothing_is_clipped_alphas_gradient_is_that_of_the_unrolled_loss(dropouts):
    """Against finite differences of alpha in L_val(θ'(alpha), alpha), the definition itself, at the same masks."""
    net, sampler = network(dropouts), made(unrolled_clip=1e6)
    optimizer, masks = sgd(net), net.get_extra_state()
    found = learned(sampler, net, optimizer)

    def loss(seed, given):
        x, y = batch(seed)
        return F.cross_entropy(net(x, given.softmax(1)), y)

    def outer(given):
        net.set_extra_state(masks)
        with unrolled(optimizer, lambda: loss(3, given)), torch.no_grad():
            return float(loss(4, given))

    net.set_extra_state(masks)
    loss(3, sampler.alpha)  # the training segment's masks are the first
    (first_order,) = torch.autograd.grad(loss(4, sampler.alpha), [sampler.alpha])
    rng, wanted, ours, first = torch.Generator().manual_seed(9), [], [], []
    for _ in range(DIRECTIONS):
        along = torch.randn(3, 5, generator=rng, dtype=torch.float64)
        ends = [outer(sampler.alpha.detach() + sign * 1e-6 * along) for sign in (1, -1)]
        wanted.append((ends[0] - ends[1]) / 2e-6)
        ours.append(float((found * along).sum()))
        first.append(float((first_order * along).sum()))
    largest = max(map(abs, wanted))
    assert ours == pytest.approx(wanted, rel=1e-3, abs=1e-3 * largest)
    assert max(abs(a - b) for a, b in zip(first, wanted, strict=True)) > 0.02 * largest


@pytest.mark.parametrize(
    ("limit", "capped", "shorter"), [(0.01, True, True), (0.01, False, True), (50.0, True, False), (50.0, False, False)]
)
def test_clipped_as_the_weight_step_and_lengthened_only_as_released(limit, capped, shorter):
    net, sampler = network(), made(unrolled_clip=limit, capped=capped)
    optimizer, weights = sgd(net), list(net.parameters())
    found = learned(sampler, net, optimizer)

    def loss(seed):
        x, y = batch(seed)
        return F.cross_entropy(net(x, sampler.alpha.softmax(1)), y)

    gradient = torch.autograd.grad(loss(3), weights)
    length = float(torch.cat([part.flatten() for part in gradient]).norm())
    assert (length > limit) is shorter
    factor = limit / (length + 1e-6)
    before = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight, part in zip(weights, gradient, strict=True):
            weight.sub_(LR * (min(1.0, factor) * part + DECAY * weight))
    direct, *direction = torch.autograd.grad(loss(4), [sampler.alpha, *weights])
    with torch.no_grad():
        for weight, old in zip(weights, before, strict=True):
            weight.copy_(old)
    across = float(torch.cat([part.flatten() for part in direction]).norm())
    direction = [part * min(1.0, limit / (across + 1e-6)) for part in direction]
    implicit = hessian_product(lambda: loss(3), sampler.alpha, weights, direction, 1e-5)
    scale = min(1.0, factor) if capped else factor
    assert torch.allclose(found, direct - LR * scale * implicit, rtol=1e-5, atol=1e-9)
    assert float(implicit.abs().max()) > 0


def test_clipping_tells_what_it_multiplied_with_or_would_have():
    long, short = [torch.tensor([3.0]), torch.tensor([4.0])], [torch.tensor([0.3]), torch.tensor([0.4])]
    assert clip(long, 1.0) == pytest.approx(0.2, rel=1e-5)
    assert [float(part) for part in long] == pytest.approx([0.6, 0.8], rel=1e-5)
    assert clip(short, 1.0) == pytest.approx(2.0, rel=1e-5)
    assert [float(part) for part in short] == pytest.approx([0.3, 0.4])


def test_fresh_masks_drown_the_finite_difference():
    """As released every pass drops something else: what differs between the two ends is mostly that."""
    apart = {}
    for masks in ("kept", "fresh"):
        gradients = []
        for radius in (1e-3, 1e-4):
            net = network(PUBLISHED)
            gradients.append(learned(made(radius=radius, masks=masks), net, sgd(net)))
        apart[masks] = float((gradients[0] - gradients[1]).norm() / gradients[0].norm())
    assert apart["kept"] < 0.1
    assert apart["fresh"] > 1


@pytest.mark.parametrize("masks", ["kept", "fresh"])
def test_weights_come_back_and_the_next_masks_are_others(masks):
    net = network(PUBLISHED)
    before = [weight.detach().clone() for weight in net.parameters()]
    state, statistics = net.get_extra_state(), [buffer.clone() for buffer in net.buffers()]
    learned(made(masks=masks), net, sgd(net))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert not torch.equal(net.get_extra_state(), state)
    assert not all(torch.equal(a, b) for a, b in zip(statistics, net.buffers(), strict=True))  # as released


def test_settings_of_paper_and_release():
    told = RnnUnrolledSettings()
    assert (told.unrolled_clip, told.radius, told.capped, told.masks) == (0.25, 0.01, True, "kept")
    released = RnnUnrolledSettings(**RELEASED["unrolled-mixture"]["sampler"])
    assert (released.capped, released.masks) == (False, "fresh")
