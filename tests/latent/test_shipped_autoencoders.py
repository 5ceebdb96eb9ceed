"""The weights that come with the project: small, exact on the whole space, and what their stated recipe gives."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.home import shipped
from nasrepro.latent import shipped as autoencoders
from nasrepro.latent.measures import exact_share
from nasrepro.latent.nb201_latents import CellLatents, _in_order, about
from nasrepro.records.autoencoder import read_training
from nasrepro.spaces.nb201 import op_table

EVERY = [(latent, seed) for latent, seeds in autoencoders.SEEDS.items() for seed in range(seeds)]


@pytest.mark.parametrize(("latent", "seed"), EVERY)
def test_every_cell_is_spelled(latent, seed):
    latents = CellLatents.load(autoencoders.file(latent, seed))
    assert latents.size == latent
    points = latents.encode(op_table())
    assert exact_share(latents.decode(points), op_table()) >= 0.99
    assert (points >= latents.extent.low - 1e-5).all()
    assert (points <= latents.extent.high + 1e-5).all()


@pytest.mark.parametrize(("latent", "seed"), EVERY)
def test_files_are_small_and_say_where_they_come_from(latent, seed):
    file = autoencoders.file(latent, seed)
    assert file.stat().st_size <= 2_000_000
    told, training = about(file), read_training(file.with_suffix(".json"))
    assert (told["seed"], told["cells"]) == (str(seed), "15625")
    recipe = json.loads(told["recipe"])
    assert recipe == training.recipe
    assert (recipe["latent"], recipe["noise"]) == (latent, {20: 1.0, 30: 0.01}[latent])
    assert training.seed == seed
    assert training.reconstructed >= 0.99
    assert hashlib.sha256(_in_order(file.read_bytes())).hexdigest() == training.weights
    assert len(training.losses) == recipe["epochs"]


def test_trainings_that_held_cells_out_spell_those_too():
    found = [read_training(path) for path in sorted(shipped("autoencoders").glob("*-held-out.json"))]
    assert found
    for training in found:
        assert training.cells == round(training.recipe["share"] * 15_625) < 15_625
        assert training.reconstructed_held_out >= 0.99


def test_seeds_differ():
    points = [autoencoders.autoencoder(20, seed, 0).encode(op_table()[:50]).numpy() for seed in range(5)]
    assert all(not np.allclose(a, b) for i, a in enumerate(points) for b in points[:i])


def test_a_search_takes_its_seed_modulo_those_shipped():
    assert [autoencoders.chosen_seed(20, None, seed) for seed in (0, 4, 5, 12)] == [0, 4, 0, 2]
    assert autoencoders.chosen_seed(20, 3, 12) == 3
    with pytest.raises(UserError, match="no autoencoder 2 of latent size 30; allowed: 0 to 1"):
        autoencoders.chosen_seed(30, 2, 0)
