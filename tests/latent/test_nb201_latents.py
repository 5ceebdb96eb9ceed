"""A trained autoencoder as a map between cells and points: what its file keeps, and which files are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nasrepro.errors import UserError
from nasrepro.latent.graph_vae import GraphVAE
from nasrepro.latent.nb201_latents import CellLatents, one_hot
from nasrepro.spaces.nb201 import op_table


@pytest.fixture(scope="module", params=[True, False], ids=["both ways", "forth only"])
def latents(request):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return CellLatents(GraphVAE(hidden=16, latent=5, bidirectional=request.param))


@pytest.fixture
def stored(latents, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(latents.content({"seed": 3, "recipe": "{}"}))
    return path


def points(count, size=5):
    return 3 * torch.randn(count, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_file_gives_the_same_map_back(latents, stored):
    loaded = CellLatents.load(stored)
    some = op_table()[:500]
    torch.testing.assert_close(loaded.encode(some), latents.encode(some), rtol=1e-5, atol=1e-6)
    assert np.array_equal(loaded.decode(points(500)), latents.decode(points(500)))
    for ours, theirs in zip(loaded.extent, latents.extent, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert (loaded.size, loaded.model.hidden, loaded.model.bidirectional) == (5, 16, latents.model.bidirectional)


def test_writing_what_was_read_gives_the_same_bytes(latents, stored):
    assert CellLatents.load(stored).content({"recipe": "{}", "seed": 3}) == stored.read_bytes()


def test_weights_are_fixed_and_double(latents, stored):
    for map_ in (latents, CellLatents.load(stored)):
        assert all(w.dtype == torch.float64 and not w.requires_grad for w in map_.model.parameters())


def test_the_extent_is_that_of_all_cells(latents):
    every = latents.encode(op_table())
    assert every.shape == (15_625, 5)
    assert torch.equal(latents.extent.low, every.amin(0))
    assert torch.equal(latents.extent.high, every.amax(0))
    log_variance = latents.model.encode(torch.tensor(op_table().tolist()))[1]
    torch.testing.assert_close(latents.extent.noise, (0.5 * log_variance).exp().mean(0))


def test_cells_are_mapped_one_by_one_however_many_there_are(latents):
    codes = op_table()[:5_000]
    together = latents.encode(codes)
    torch.testing.assert_close(together[4_990:], latents.encode(codes[4_990:]))
    found = latents.decode(together)
    assert (found.shape, found.dtype) == ((5_000, 6), np.int64)
    assert np.array_equal(found[4_990:], latents.decode(together[4_990:]))


def test_drawn_cells_repeat_with_the_generator(latents):
    z = points(300)
    first, again = (latents.decode(z, torch.Generator().manual_seed(4)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, latents.decode(z))


def test_probabilities_are_those_of_the_choices_and_differentiable(latents):
    z = points(1)[0].requires_grad_()
    codes = torch.as_tensor(latents.decode(z.unsqueeze(0))[0])
    found = latents.probabilities(z)
    torch.testing.assert_close(found.sum(1), torch.ones(6, dtype=torch.float64))
    assert torch.equal(found.argmax(1), codes)
    torch.testing.assert_close(latents.probabilities(z, codes), found)
    flat = latents.probabilities(z, codes, temperature=100.0)
    assert (flat - 0.2).abs().max() < (found - 0.2).abs().max() / 10
    assert torch.autograd.gradcheck(lambda point: latents.probabilities(point, codes), (z,))


def test_one_hot_lists_the_edges_one_after_the_other():
    found = one_hot((0, 4, 1, 3, 2, 0))
    assert found.dtype == torch.float64
    assert found.view(6, 5).argmax(1).tolist() == [0, 4, 1, 3, 2, 0]
    assert found.sum() == 6


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.safetensors' cannot be read"):
        CellLatents.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 700, -1])
def test_a_damaged_file_is_refused(stored, keep):
    stored.write_bytes(stored.read_bytes()[:keep])
    with pytest.raises(UserError, match="cannot be read as weights of an autoencoder"):
        CellLatents.load(stored)


@pytest.mark.parametrize("about", [None, {"format": "nasrepro-graph-vae/2"}])
def test_another_format_is_refused_by_name(tmp_path, about):
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(3)}, path, metadata=about)
    with pytest.raises(UserError, match=r"of format '(None|nasrepro-graph-vae/2)'; allowed: nasrepro-graph-vae/1"):
        CellLatents.load(path)
