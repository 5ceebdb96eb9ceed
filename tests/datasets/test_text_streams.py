"""Segments of a text: consecutive batching, published lengths, and a future that a saved state determines."""

import io

import pytest
import torch

from nasrepro.datasets.text_streams import Segment, TextStream, in_columns


def stream_of(tokens=1000, batch_size=4, bptt=7, lengths="random", seed=0):
    return TextStream(torch.arange(tokens), batch_size, bptt=bptt, lengths=lengths, seed=seed)


def read(stream):
    """What a network would do: the state it leaves tells which tokens it has seen."""
    segment, targets = stream.next()
    before = torch.zeros(segment.tokens.shape[1], 1) if segment.state is None else segment.state
    segment.after = before * 0.5 + segment.tokens.sum(0)[:, None]
    return segment, targets


def saved_and_loaded(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@pytest.mark.parametrize(
    ("tokens", "batch_size", "shape"),
    [
        (929_589, 64, (14_524, 64)),
        (929_589, 32, (29_049, 32)),
        (73_760, 10, (7_376, 10)),
        (82_430, 1, (82_430, 1)),
    ],
)
def test_penn_treebank_is_laid_out_as_published(tokens, batch_size, shape):
    columns = in_columns(torch.arange(tokens), batch_size)
    assert columns.shape == shape
    assert torch.equal(columns.t().reshape(-1), torch.arange(shape[0] * batch_size))


def test_an_epoch_at_the_published_length_has_414_whole_segments_and_a_rest():
    stream = stream_of(929_589, 64, 35, "fixed")
    lengths = [len(stream.next()[0].tokens) for _ in range(stream.steps_in(0))]
    assert lengths == [35] * 414 + [33]  # every token but a column's first is guessed once


@pytest.mark.parametrize("lengths", ["fixed", "halved", "random"])
def test_every_token_but_the_first_of_a_column_is_guessed_once_in_order(lengths):
    stream = stream_of(lengths=lengths)
    for epoch in range(3):
        read_, guessed = [], []
        for _ in range(stream.steps_in(epoch)):
            segment, targets = stream.next()
            assert targets.dtype == torch.int64
            assert torch.equal(targets.view(segment.tokens.shape), segment.tokens + 1)  # the text counts upwards
            read_.append(segment.tokens)
            guessed.append(targets.view(segment.tokens.shape))
        assert torch.equal(torch.cat(read_), stream.columns[:-1])
        assert torch.equal(torch.cat(guessed), stream.columns[1:])


def test_lengths_depend_on_seed_and_epoch_only():
    def plan(stream, epoch):
        while stream.state_dict()["epoch"] < epoch or stream.state_dict()["step"] == 0:
            stream.next()
        first = [stream.rate]
        for _ in range(stream.steps_in(epoch) - 1):
            stream.next()
            first.append(stream.rate)
        return first

    assert plan(stream_of(seed=3), 2) == plan(stream_of(seed=3), 2)
    assert plan(stream_of(seed=3), 2) != plan(stream_of(seed=3), 1)
    assert plan(stream_of(seed=3), 2) != plan(stream_of(seed=4), 2)


def test_published_lengths():
    """Search: 35, or 17 in one of twenty; training: normal around these, 5 to 55."""
    halved = lengths_of(stream_of(400_000, 4, 35, "halved"))
    assert set(halved[:-1]) == {35, 17}
    assert 0.03 < sum(length == 17 for length in halved) / len(halved) < 0.07
    drawn = torch.tensor(lengths_of(stream_of(4_000_000, 4, 35, "random"))[:-1], dtype=torch.float64)
    assert int(drawn.min()) >= 5
    assert int(drawn.max()) <= 55
    middle, upper = (float(drawn.quantile(share)) for share in (0.5, 0.84))
    assert middle == 34  # whole numbers, rounded down
    assert 38 <= upper <= 40  # one standard deviation above
    short = stream_of(40_000, 4, 6, "random")
    assert min(lengths_of(short)[:-1]) == 5  # never shorter, but at the end


def lengths_of(stream):
    return [len(stream.next()[0].tokens) for _ in range(stream.steps_in(0))]


def test_the_rate_is_the_length_of_the_last_segment_over_the_usual_one():
    stream = stream_of()
    assert stream.rate == 1.0
    for _ in range(stream.steps_in(0) + 2):
        segment, _ = stream.next()
        assert stream.rate == len(segment.tokens) / 7


def test_the_state_is_carried_and_an_epoch_starts_without():
    stream = stream_of()
    for epoch in range(2):
        before = None
        for _ in range(stream.steps_in(epoch)):
            segment, _ = read(stream)
            assert segment.state is before
            before = segment.after


def test_a_segment_that_begins_again_forgets():
    segment = Segment(torch.zeros(3, 2, dtype=torch.int64), after=torch.ones(2, 4), penalty=torch.tensor(1.0))
    segment.begin()
    assert segment.after is None
    assert segment.penalty is None


@pytest.mark.parametrize("lengths", ["fixed", "halved", "random"])
def test_resumes_at_any_segment(lengths):
    straight = stream_of(tokens=200, lengths=lengths)
    count = 2 * straight.steps_in(0) + 5
    expected = [(*read(straight), straight.rate) for _ in range(count)]
    for stop in range(count):
        first = stream_of(tokens=200, lengths=lengths)
        for _ in range(stop):
            read(first)
        state = saved_and_loaded(first.state_dict())
        read(first)  # what happens after saving must not leak into the state
        fresh = stream_of(tokens=200, lengths=lengths)
        read(fresh)
        fresh.load_state_dict(state)
        assert fresh.rate == (expected[stop - 1][2] if stop else 1.0)
        for segment, targets, rate in expected[stop:]:
            again, again_targets = read(fresh)
            assert fresh.rate == rate
            assert torch.equal(again.tokens, segment.tokens)
            assert torch.equal(again_targets, targets)
            assert (again.state is None) == (segment.state is None)
            assert again.state is None or torch.equal(again.state, segment.state)


@pytest.mark.parametrize("other", [{"batch_size": 5}, {"bptt": 8}, {"lengths": "fixed"}, {"seed": 1}, {"tokens": 500}])
def test_a_state_of_another_stream_is_refused(other):
    with pytest.raises(ValueError, match="the saved stream has"):
        stream_of().load_state_dict(stream_of(**other).state_dict())


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"tokens": 7}, "7 tokens cannot"), ({"batch_size": 0}, "in 0 columns"), ({"bptt": 1}, "not 1")],
)
def test_impossible_streams_are_refused(options, problem):
    with pytest.raises(ValueError, match=problem):
        stream_of(**options)
