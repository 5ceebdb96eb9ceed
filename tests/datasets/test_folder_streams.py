"""Streams of a folder of images: the same batches however many threads decode, and from wherever they resume."""

import io
import random
import threading
from dataclasses import replace

import pytest
import torch

from nasrepro.datasets import augment, folder_streams
from nasrepro.datasets.feeding import training_stream
from nasrepro.datasets.folder_images import FolderImages, read_folder
from nasrepro.datasets.folder_streams import FolderBatches, FolderStream
from nasrepro.datasets.streams import BatchStream
from nasrepro.errors import UserError
from nasrepro.seeds import derive


def stream_of(data, seed=0, batch_size=5, **options):
    return FolderStream(data.train, data, batch_size, torch.Generator().manual_seed(seed), **options)


def equal(found, expected):
    return all(
        torch.equal(x, images) and torch.equal(y, labels)
        for (x, y), (images, labels) in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module")
def straight(folder_root):
    """Eight batches of 12 images in threes and fives: across two ends of epochs."""
    stream = stream_of(read_folder("imagenet", folder_root / "imagenet", {}, False).resized(32), workers=1)
    return [stream.next() for _ in range(8)]


def test_batches_are_what_the_network_wants(photographs, straight):
    assert [len(y) for _, y in straight] == [5, 5, 2, 5, 5, 2, 5, 5]
    assert stream_of(photographs).steps_per_epoch == 3
    assert {(x.dtype, x.shape[1:]) for x, _ in straight} == {(torch.float32, (3, 32, 32))}
    for epoch in range(2):
        labels = torch.cat([y for _, y in straight[3 * epoch : 3 * epoch + 3]])
        assert torch.bincount(labels).tolist() == [5, 4, 3]
    assert not torch.equal(straight[0][1], straight[3][1]) or not torch.equal(straight[1][1], straight[4][1])


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_threads_gives_the_same_batches(photographs, straight, workers):
    stream = stream_of(photographs, workers=workers)
    assert equal([stream.next() for _ in range(8)], straight)


@pytest.mark.parametrize("stop", [0, 1, 2, 3, 4, 6])
def test_resumes_at_the_exact_batch(photographs, straight, stop):
    first = stream_of(photographs)
    for _ in range(stop):
        first.next()
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    fresh = stream_of(photographs, seed=99)
    fresh.next()  # so that other batches are being decoded when the state arrives
    fresh.load_state_dict(torch.load(buffer, weights_only=True))
    assert equal([fresh.next() for _ in range(8 - stop)], straight[stop:])


def test_a_view_depends_on_seed_epoch_and_image_only(photographs, straight):
    """So an image looks the same whatever the batch size is."""
    seed = int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(0)))
    views = [
        photographs.train.training_view(index, 32, random.Random(derive(seed, "view", 0, index))) for index in range(12)
    ]
    expected = augment.normalize(torch.stack(views), photographs.mean, photographs.std)
    found = torch.cat([x for x, _ in straight[:3]])
    order = [int((expected == x).flatten(1).all(1).nonzero()) for x in found]
    assert sorted(order) == list(range(12))
    assert torch.equal(photographs.train.labels[order], torch.cat([y for _, y in straight[:3]]))
    later = torch.cat([x for x, _ in straight[3:6]])
    assert not any((expected == x).flatten(1).all(1).any() for x in later)  # drawn afresh


def test_seeds_differ(photographs, straight):
    assert not torch.equal(stream_of(photographs, seed=1).next()[0], straight[0][0])


def test_cutout_and_layout(photographs, straight):
    plain = straight[0][0]
    holes = stream_of(photographs, cutout=8, channels_last=True).next()[0]
    assert holes.is_contiguous(memory_format=torch.channels_last)
    hidden = (holes == 0).all(1)
    assert 16 <= hidden.flatten(1).sum(1).min() <= hidden.flatten(1).sum(1).max() <= 66
    assert torch.equal(holes[:, 0][~hidden], plain[:, 0][~hidden])


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_only_so_many_batches_are_decoded_ahead_and_nothing_after_the_stream_is_gone(photographs, monkeypatch):
    asked, view = [], FolderImages.training_view
    monkeypatch.setattr(
        FolderImages, "training_view", lambda self, index, *rest: asked.append(index) or view(self, index, *rest)
    )
    stream = stream_of(photographs, batch_size=2, workers=1)
    stream.next()
    assert len(threads()) == 1
    del stream
    assert threads() == []
    assert 2 <= len(asked) <= 2 * (1 + folder_streams.AHEAD)


def test_state_of_another_stream_is_refused(photographs):
    with pytest.raises(ValueError, match="batch_size=5"):
        stream_of(photographs, batch_size=4).load_state_dict(stream_of(photographs).state_dict())
    with pytest.raises(ValueError, match="no batch of 0"):
        stream_of(photographs, batch_size=0)


def test_scoring_batches_are_the_centers_in_order(photographs):
    batches = FolderBatches(photographs.test, photographs, 4)
    assert (len(batches), batches.images) == (2, 6)
    for _ in range(2):  # can be walked through again
        walked = list(batches)
        assert [len(y) for _, y in walked] == [3, 3]
        assert torch.cat([y for _, y in walked]).tolist() == [0, 0, 1, 1, 2, 2]
    centers = torch.stack([photographs.test.scoring_view(index, 32) for index in range(6)])
    expected = augment.normalize(centers, photographs.mean, photographs.std)
    assert torch.equal(torch.cat([x for x, _ in walked]), expected)


def test_an_unreadable_image_ends_the_stream_with_its_name(photographs, tmp_path):
    names = photographs.train.names.copy()
    names[4] = b"n01/gone.JPEG"
    broken = replace(photographs.train, names=names)
    stream = FolderStream(broken, photographs, 6, torch.Generator().manual_seed(0))
    with pytest.raises(UserError, match=r"n01/gone\.JPEG' cannot be read as an image"):
        _ = [stream.next() for _ in range(2)]
    with pytest.raises(UserError, match=r"gone\.JPEG"):
        list(FolderBatches(broken, photographs, 6))


def test_the_same_question_serves_both_kinds_of_data(photographs, tiny, straight):
    generator = torch.Generator().manual_seed(0)
    assert equal([training_stream(photographs, 5, generator).next()], straight[:1])
    ours = training_stream(tiny, 8, torch.Generator().manual_seed(3), cutout=4).next()
    options = {"augment": True, "replacement": False, "cutout": 4}
    theirs = BatchStream(tiny.train, tiny, 8, torch.Generator().manual_seed(3), **options).next()
    assert equal([ours], [theirs])
