"""Texts by name: the embedded corpus, official files, and the arrays that are kept of them."""

import os
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from nasrepro.datasets import grammar, loading
from nasrepro.datasets.grammar_words import TOPICS, lexicon
from nasrepro.datasets.loading import load, load_text
from nasrepro.datasets.text import END
from nasrepro.datasets.text_files import kept, numbered, words_in
from nasrepro.errors import UserError

OFFICIAL = os.environ.get("NASREPRO_DATA")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return load_text("grammar", root=tmp_path_factory.mktemp("data"))


def spelled(data, part):
    return [data.vocabulary[token] for token in part.tolist()]


class TestGrammar:
    def test_is_the_known_corpus(self, corpus):
        assert corpus.verified
        assert corpus.hashes == {"grammar": grammar.SHA256}
        assert [len(part) for part in (corpus.train, corpus.valid, corpus.test)] == [300_030, 30_035, 30_255]
        assert len(corpus.vocabulary) == 2908

    def test_another_corpus_needs_consent(self, tmp_path, monkeypatch):
        monkeypatch.setattr(grammar, "TOKENS", {"train": 300, "valid": 300, "test": 300})
        with pytest.raises(UserError, match="not the known one; use --allow-unverified"):
            load_text("grammar", root=tmp_path)
        assert not load_text("grammar", root=tmp_path, allow_unverified=True).verified

    def test_has_sentences_as_long_as_newspapers_have(self, corpus):
        """The Penn Treebank has 21.1 words a sentence."""
        ends = int((corpus.train == corpus.vocabulary.index(END)).sum())
        assert 20 < len(corpus.train) / ends - 1 < 22
        assert all(int(part[-1]) == corpus.vocabulary.index(END) for part in (corpus.train, corpus.valid, corpus.test))

    def test_frequencies_follow_zipf(self, corpus):
        """On logarithmic axes frequency falls by rank with a slope near -1, with a tail of rare words."""
        counts = torch.bincount(corpus.train).sort(descending=True).values.double()
        ranks = torch.tensor([10, 30, 100, 300, 1000])
        slopes = (counts[ranks[1:] - 1] / counts[ranks[:-1] - 1]).log() / (ranks[1:] / ranks[:-1]).log()
        assert -1.5 < float(slopes.min()) <= float(slopes.max()) < -0.7
        assert int((counts <= 10).sum()) > 400

    def test_pairs_call_for_each_other(self, corpus):
        words = Counter(spelled(corpus, corpus.train))
        assert words["if"] == words["then"]
        assert words["either"] == words["or"]
        assert words["both"] <= words["and"]

    def test_verbs_agree_over_any_distance(self, corpus):
        """In the present, a reflexive pronoun that follows its verb has the verb's number."""
        common = lexicon().common
        topics = [*lexicon().topics.items, common]
        forms = [
            {verb.present[plural] for topic in topics for kind in topic.verbs for verb in kind.items}
            for plural in (0, 1)
        ]
        followed = [
            Counter(after for verb, after in pairwise(spelled(corpus, corpus.train)) if verb in form) for form in forms
        ]
        assert len(topics) == TOPICS + 1
        assert followed[0]["themselves"] == 0 < followed[0]["itself"]
        assert followed[1]["itself"] == followed[1]["himself"] == 0 < followed[1]["themselves"]

    def test_topics_last(self, corpus):
        """Content words of one topic are found together far more often than words that were shuffled."""
        of_topic = {
            noun.form[plural]: number
            for number, topic in enumerate(lexicon().topics.items)
            for kind in topic.nouns
            for noun in kind.items
            for plural in (0, 1)
        }
        topics = torch.tensor([of_topic[word] for word in spelled(corpus, corpus.valid) if word in of_topic])
        shuffled = topics[torch.randperm(len(topics), generator=torch.Generator().manual_seed(0))]
        together, by_chance = (float((order[5:] == order[:-5]).double().mean()) for order in (topics, shuffled))
        assert together > 0.7
        assert by_chance < 0.2

    def test_forms_are_all_different(self):
        words = lexicon()
        topics = [*words.topics.items, words.common]
        nouns = [form for topic in topics for kind in topic.nouns for noun in kind.items for form in noun.form]
        verbs = [
            form
            for topic in topics
            for kind in topic.verbs
            for verb in kind.items
            for form in (*verb.present, verb.past)
        ]
        others = [*words.adverbs.items, *(name.name for name in words.names.items)]
        described = [word for topic in topics for word in topic.adjectives.items]
        everything = [*nouns, *verbs, *others, *described]
        assert len(set(everything)) == len(everything)


class TestKeptArrays:
    def test_are_made_once_per_source_and_again_when_damaged(self, tmp_path):
        made = []

        def make():
            made.append(1)
            return numbered([["a", "b", "a"], ["c"], ["b", "ü"]])

        first = kept(tmp_path, "t", ["1"], make)
        assert first.words == ("a", "b", "c", "ü")
        assert [part.tolist() for part in first.tokens] == [[0, 1, 0], [2], [1, 3]]
        again = kept(tmp_path, "t", ["1"], make)
        assert again.sha256 == first.sha256
        assert len(made) == 1
        assert kept(tmp_path, "t", ["2"], make).sha256 == first.sha256
        assert len(made) == 2
        for damage in (lambda content: content[:-30], lambda content: b"", lambda content: b"x" + content[1:]):
            for file in (tmp_path / "tokens").iterdir():
                file.write_bytes(damage(file.read_bytes()))
            for _ in range(2):
                assert kept(tmp_path, "t", ["1"], make).sha256 == first.sha256
        assert len(made) == 5

    def test_a_folder_that_cannot_be_written_only_costs_time(self, tmp_path):
        (tmp_path / "tokens").write_text("in the way")
        assert kept(tmp_path, "t", [], lambda: numbered([["a"], [], []])).words == ("a",)

    def test_the_hash_sees_words_and_splits(self):
        base = numbered([["a", "b"], ["a"], ["b"]])
        others = [numbered([["a", "c"], ["a"], ["c"]]), numbered([["a", "b"], ["b"], ["b"]])]
        assert len({base.sha256, *(other.sha256 for other in others)}) == 3


class TestFiles:
    def test_lines_end_and_white_space_separates(self, tmp_path):
        file = tmp_path / "t.txt"
        file.write_text(" a  b \n\n c\u2028d", encoding="utf-8")
        assert list(words_in(file)) == ["a", "b", END, END, "c", "d", END]

    @pytest.mark.parametrize(("content", "words"), [(b"ab\xff", "no UTF-8 text: byte 2"), (None, "cannot be read")])
    def test_unreadable_files_are_named(self, tmp_path, content, words):
        if content is not None:
            (tmp_path / "t.txt").write_bytes(content)
        with pytest.raises(UserError, match=f"t.txt.*{words}"):
            list(words_in(tmp_path / "t.txt"))

    def test_missing_files_say_where_and_how(self, tmp_path):
        with pytest.raises(UserError, match="run 'nasrepro data fetch ptb'") as caught:
            load_text("ptb", root=tmp_path)
        assert str(tmp_path) in str(caught.value)

    def test_files_of_another_text_are_refused(self, tmp_path):
        (tmp_path / "ptb").mkdir()
        for split in ("train", "valid", "test"):
            (tmp_path / "ptb" / f"ptb.{split}.txt").write_text("the cat\n")
        with pytest.raises(UserError, match=r"8 bytes, expected 5,101,618"):
            load_text("ptb", root=tmp_path, allow_unverified=True)

    def test_names(self, tmp_path):
        with pytest.raises(UserError, match="did you mean 'wikitext2'"):
            load_text("wikitext-2", root=tmp_path)
        with pytest.raises(UserError, match="a text, not images"):
            load("ptb", root=tmp_path)

    def test_small_official_files(self, tmp_path, monkeypatch):
        """Read, numbered across splits and kept, with files of three lines in place of the official ones."""
        texts = {"train": "the cat\nsat\n", "valid": "the dog\n", "test": "cat dog late\n"}
        (tmp_path / "ptb").mkdir()
        for split, content in texts.items():
            (tmp_path / "ptb" / f"ptb.{split}.txt").write_text(content)
        known = loading.entry("ptb")
        facts = tuple(replace(fact, size=None, sha256=None, md5=None) for fact in known.files)
        monkeypatch.setattr(loading, "entry", lambda name: replace(known, files=facts))
        for _ in range(2):
            data = load_text("ptb", root=tmp_path)
            assert data.vocabulary == ("the", "cat", END, "sat", "dog", "late")
            assert spelled(data, data.test) == ["cat", "dog", "late", END]
            assert list(data.hashes) == ["ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"]
            monkeypatch.setattr(loading, "numbered", None)  # the second time nothing is read


@pytest.mark.skipif(not OFFICIAL, reason="NASREPRO_DATA is not set")
@pytest.mark.parametrize(
    ("name", "folder", "sizes", "words"),
    [
        ("ptb", "ptb", (929_589, 73_760, 82_430), 10_000),
        ("wikitext2", "wikitext-2", (2_088_628, 217_646, 245_569), 33_278),
    ],
)
def test_official_counts(name, folder, sizes, words):
    if not (Path(OFFICIAL) / folder).is_dir():
        pytest.skip(f"no {folder} in NASREPRO_DATA")
    data = load_text(name)
    assert data.verified
    assert (len(data.train), len(data.valid), len(data.test)) == sizes
    assert len(data.vocabulary) == words
    assert data.with_vocabulary(2000).vocabulary.count("<unk>") == 1
