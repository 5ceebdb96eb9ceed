"""Batch streams: what they draw, and that they resume at the exact batch."""

import io
from dataclasses import replace

import pytest
import torch

from nasrepro.datasets import augment as ops
from nasrepro.datasets.streams import BatchStream


def stream_of(data, seed=0, batch_size=8, **options):
    options = {"augment": True, "replacement": False, **options}
    return BatchStream(data.train, data, batch_size, torch.Generator().manual_seed(seed), **options)


def saved_and_loaded(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


OPTIONS = [
    {},
    {"replacement": True},
    {"drop_last": True},
    {"augment": False},
    {"cutout": 4},
    {"channels_last": True, "cutout": 4},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("stop", [0, 1, 5, 6, 7, 13])
def test_resumes_at_the_exact_batch(tiny, options, stop):
    straight = stream_of(tiny, **options)
    expected = [straight.next() for _ in range(20)]
    first = stream_of(tiny, **options)
    for _ in range(stop):
        first.next()
    state = saved_and_loaded(first.state_dict())
    first.next()  # what happens after saving must not leak into the state
    fresh = stream_of(tiny, seed=99, **options)
    fresh.next()
    fresh.load_state_dict(state)
    for images, labels in expected[stop:]:
        x, y = fresh.next()
        assert torch.equal(x, images)
        assert torch.equal(y, labels)


def test_an_epoch_shows_every_image_once_in_a_new_order(tiny):
    stream = stream_of(tiny, augment=False)
    expected = ops.normalize(tiny.train.images, tiny.mean, tiny.std)
    orders = []
    for _ in range(2):
        batches = [stream.next() for _ in range(stream.steps_per_epoch)]
        assert [len(y) for _, y in batches] == [8, 8, 8, 8, 8, 3]
        seen = torch.cat([x for x, _ in batches])
        order = [int((expected == x).flatten(1).all(1).nonzero()) for x in seen]
        labels = torch.cat([y for _, y in batches])
        assert sorted(order) == list(range(43))
        assert torch.equal(labels, tiny.train.labels[order])
        orders.append(order)
    assert orders[0] != orders[1]


def test_drop_last_gives_only_full_batches(tiny):
    stream = stream_of(tiny, drop_last=True)
    assert stream.steps_per_epoch == 5
    assert {len(stream.next()[1]) for _ in range(23)} == {8}


def test_replacement_gives_full_batches_of_independent_draws(tiny):
    stream = stream_of(tiny, replacement=True, augment=False)
    assert stream.steps_per_epoch == 6
    generator = torch.Generator().manual_seed(0)
    everything = ops.normalize(tiny.train.images, tiny.mean, tiny.std)
    for _ in range(7):
        x, y = stream.next()
        indices = torch.randint(43, (8,), generator=generator)
        assert torch.equal(x, everything[indices])
        assert torch.equal(y, tiny.train.labels[indices])


def test_augmentation_follows_the_documented_order_of_draws(tiny):
    x, _ = stream_of(tiny, seed=3, cutout=4).next()
    generator = torch.Generator().manual_seed(3)
    pixels = tiny.train.images[torch.randperm(43, generator=generator)[:8]]
    pixels = ops.crop(ops.flip(pixels, generator), 2, generator)
    assert torch.equal(x, ops.cutout(ops.normalize(pixels, tiny.mean, tiny.std), 4, generator))


def test_noise_of_the_data_is_drawn_afresh_for_every_augmented_batch_and_for_no_other(tiny):
    noisy = replace(tiny, noise=0.5, flip=False, crop_padding=0)
    clean = stream_of(replace(noisy, noise=0.0)).next()[0]
    stream, again = stream_of(noisy), stream_of(noisy)
    x = stream.next()[0]
    assert torch.equal(x, again.next()[0])
    assert 0.4 < float((x - clean).std()) < 0.6
    assert torch.equal(stream_of(noisy, augment=False).next()[0], clean)


def test_data_that_must_not_be_mirrored_are_not(tiny):
    data = replace(tiny, flip=False, crop_padding=0)
    plain = stream_of(data, augment=False).next()[0]
    assert torch.equal(stream_of(data, augment=True).next()[0], plain)


def test_channels_last_changes_only_the_layout(tiny):
    plain, _ = stream_of(tiny).next()
    last, _ = stream_of(tiny, channels_last=True).next()
    assert torch.equal(plain, last)
    assert plain.is_contiguous()
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert last.dtype == torch.float32


def test_draws_do_not_depend_on_the_number_of_threads(tiny):
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            stream = stream_of(tiny, cutout=4)
            found.append(torch.cat([stream.next()[0] for _ in range(12)]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


def test_global_random_state_is_neither_used_nor_changed(tiny):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, _ = stream_of(tiny, cutout=4).next()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(stream_of(tiny, cutout=4).next()[0], first)


def test_state_of_another_stream_is_refused(tiny):
    state = stream_of(tiny).state_dict()
    with pytest.raises(ValueError, match="batch_size=8"):
        stream_of(tiny, batch_size=4).load_state_dict(state)


@pytest.mark.parametrize(("batch_size", "drop_last"), [(0, False), (44, True)])
def test_impossible_batches_are_refused(tiny, batch_size, drop_last):
    with pytest.raises(ValueError, match="no batch"):
        stream_of(tiny, batch_size=batch_size, drop_last=drop_last)
