"""Pieces of a batch, made apart, are the batch."""

from dataclasses import replace

import pytest
import torch

from nasrepro.datasets.feeding import training_stream
from nasrepro.datasets.folder_streams import FolderBatches
from nasrepro.datasets.parts import Cut, parts


@pytest.mark.parametrize(("whole", "pieces"), [(96, 8), (7, 3), (8, 3), (3, 3), (2, 3), (1, 1)])
def test_pieces_are_consecutive_and_as_equal_as_possible(whole, pieces):
    cut = parts(whole, pieces)
    assert [part.start for part in cut] == [0, *(part.stop for part in cut[:-1])]
    assert cut[-1].stop == whole
    sizes = [part.stop - part.start for part in cut]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] - sizes[-1] <= 1
    assert sum(part.share for part in cut) == pytest.approx(1)
    assert torch.equal(torch.cat([part.of(torch.arange(whole)) for part in cut]), torch.arange(whole))


def streams(data, pieces):
    cuts = [Cut(index, pieces) for index in range(pieces)]
    return [
        training_stream(data, 5, torch.Generator().manual_seed(3), cutout=4, channels_last=True, cut=cut)
        for cut in cuts
    ]


@pytest.mark.parametrize(("kind", "pieces"), [("memory", 2), ("memory", 3), ("folder", 2)])
def test_streams_of_pieces_hold_the_batches_of_one_stream(tiny, photographs, kind, pieces):
    data = photographs if kind == "folder" else replace(tiny, noise=0.3)
    (whole,), cut = streams(data, 1), streams(data, pieces)
    short = 2 if kind == "folder" else 3
    for step in range(2 * whole.steps_per_epoch):
        x, y = whole.next()
        pieced = [stream.next() for stream in cut]
        sizes = [stream.part.stop - stream.part.start for stream in cut]
        assert [len(labels) for _, labels in pieced] == sizes
        assert {stream.part.whole for stream in cut} == {len(y)}
        assert len(y) == (short if (step + 1) % whole.steps_per_epoch == 0 else 5)
        assert torch.equal(torch.cat([images for images, _ in pieced]), x)
        assert torch.equal(torch.cat([labels for _, labels in pieced]), y)


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_a_stream_of_pieces_continues_a_stream_of_whole_batches(tiny, photographs, kind):
    data = photographs if kind == "folder" else tiny
    (whole,), (_, second) = streams(data, 1), streams(data, 2)
    for _ in range(4):
        whole.next()
    second.load_state_dict(whole.state_dict())
    x, y = whole.next()
    images, labels = second.next()
    assert torch.equal(images, second.part.of(x))
    assert torch.equal(labels, second.part.of(y))
    assert str(second.state_dict()) == str(whole.state_dict())


def test_what_is_scored_is_dealt_out(photographs):
    whole = list(FolderBatches(photographs.test, photographs, 2))
    dealt = [FolderBatches(photographs.test, photographs, 2, cut=Cut(index, 2)) for index in range(2)]
    assert [len(batches) for batches in dealt] == [2, 1]
    for index, batches in enumerate(dealt):
        for (x, y), (images, labels) in zip(batches, whole[index::2], strict=True):
            assert torch.equal(x, images)
            assert torch.equal(y, labels)
