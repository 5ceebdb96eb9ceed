"""GDAS-A: what is sampled is the argmax, and the softmax of alpha carries the gradient."""

import torch

from nasrepro.methods.alpha import AlphaSettings
from nasrepro.methods.gdas_a import ArgmaxSampler
from nasrepro.spaces.nb201 import NB201Space


def test_every_draw_is_the_argmax_with_the_gradient_of_the_softmax():
    made = ArgmaxSampler(NB201Space(), AlphaSettings(alpha_init=1.0), 0)
    path, gates = made.draw()
    assert path == made.preferred().ops == made.sample()
    assert torch.allclose(gates, torch.nn.functional.one_hot(torch.tensor(path), 5).float(), atol=1e-6)
    upstream = torch.arange(30.0).view(6, 5)
    (found,) = torch.autograd.grad((gates * upstream).sum(), [made.alpha])
    soft = made.alpha.detach().softmax(1)
    assert torch.allclose(found, soft * (upstream - (soft * upstream).sum(1, keepdim=True)), atol=1e-5)
