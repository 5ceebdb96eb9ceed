"""A text as numbers: parts of it, and smaller dictionaries."""

import pytest
import torch

from nasrepro.datasets.text import UNKNOWN, TextData
from nasrepro.errors import UserError
from nasrepro.splits import Split

WORDS = ("the", "cat", "<eos>", "sat", "rare", "dog", "late")


def text(vocabulary=WORDS, train=(0, 1, 2, 0, 3, 2, 0, 4, 5, 2, 3), valid=(0, 6, 2), test=(4, 1, 2)):
    parts = {"train": train, "valid": valid, "test": test}
    tensors = {name: torch.tensor(tokens, dtype=torch.int64) for name, tokens in parts.items()}
    return TextData("tiny", vocabulary, **tensors, hashes={}, verified=True)


def spelled(data, split=Split.TRAIN):
    return [data.vocabulary[token] for token in getattr(data, split.value).tolist()]


def test_the_first_tokens_are_kept():
    part = text().limited(train=4, test=2)
    assert spelled(part) == ["the", "cat", "<eos>", "the"]
    assert spelled(part, Split.TEST) == ["rare", "cat"]
    assert spelled(part, Split.VALID) == ["the", "late", "<eos>"]
    assert part.vocabulary == WORDS
    assert len(text().limited(train=100).train) == 11


def test_the_most_frequent_words_stay_in_their_order():
    small = text().with_vocabulary(4)
    assert small.vocabulary == ("the", "<eos>", "sat", UNKNOWN)
    assert spelled(small) == ["the", UNKNOWN, "<eos>", "the", "sat", "<eos>", "the", UNKNOWN, UNKNOWN, "<eos>", "sat"]
    assert spelled(small, Split.VALID) == ["the", UNKNOWN, "<eos>"]


def test_of_equally_frequent_words_the_first_stay():
    assert text().with_vocabulary(5).vocabulary == ("the", "cat", "<eos>", "sat", UNKNOWN)


def test_words_are_counted_in_training_only():
    heavy = text(valid=(6,) * 50)
    assert "late" not in heavy.with_vocabulary(6).vocabulary


def test_an_unknown_word_that_is_there_keeps_its_place_and_is_no_extra_entry():
    words = ("the", UNKNOWN, "<eos>", "sat", "rare", "dog", "late")
    small = text(words, train=(0, 3, 2, 0, 3, 2, 4)).with_vocabulary(4)
    assert small.vocabulary == ("the", UNKNOWN, "<eos>", "sat")  # kept although it was never seen
    assert spelled(small) == ["the", "sat", "<eos>", "the", "sat", "<eos>", UNKNOWN]


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_smaller_dictionaries_are_nested_and_change_nothing_else(size):
    whole, small = text(), text().with_vocabulary(size)
    assert len(small.vocabulary) == size
    assert set(small.vocabulary) - {UNKNOWN} <= set(whole.with_vocabulary(size + 1).vocabulary)
    for split in Split:
        for before, after in zip(spelled(whole, split), spelled(small, split), strict=True):
            assert after in (before, UNKNOWN)
            assert (after == before) == (before in small.vocabulary)
    assert torch.equal(small.with_vocabulary(size).train, small.train)


def test_a_dictionary_that_is_not_larger_is_left_alone():
    assert text().with_vocabulary(7) is not None
    assert text().with_vocabulary(100).vocabulary == WORDS


@pytest.mark.parametrize("size", [1, 0, -3])
def test_impossible_sizes(size):
    with pytest.raises(UserError, match=f"at least 2 .*{size}"):
        text().with_vocabulary(size)
    with pytest.raises(UserError, match=f"at least 2 .*{size}"):
        text().limited(valid=size)


def test_tokens_must_be_words():
    with pytest.raises(ValueError, match="7 words"):
        text(test=(7,))
    with pytest.raises(ValueError, match="7 words"):
        text(test=(-1,))
    with pytest.raises(ValueError, match="int64"):
        TextData("t", WORDS, torch.zeros(3), *(torch.zeros(3, dtype=torch.int64),) * 2, hashes={}, verified=True)
