"""The embedded corpus: three splits of a text that the project's own grammar writes.

Chances are compared with uniform numbers of a seeded generator and weights are whole numbers, so that the corpus is the
same on every machine; its SHA-256 is checked.
"""

from __future__ import annotations

from pathlib import Path

from nasrepro.datasets.grammar_rules import Writer
from nasrepro.datasets.grammar_words import lexicon
from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_files import kept, numbered

SEEDS = {"train": 20_160, "valid": 20_161, "test": 20_162}
TOKENS = {"train": 300_000, "valid": 30_000, "test": 30_000}
"""At least so many of each split: documents are finished."""

SHA256 = "a795ed3f945614ee5492b048d38ba013cc40e3ef8c09122e3aefdf6803c131b0"
"""Of the numbered corpus (`Numbered.sha256`)."""


def load_grammar_data(root: Path) -> TextData:
    """The corpus, kept as arrays below `root`; `verified` when it is the known one."""
    content = kept(root, "grammar", [SHA256], lambda: numbered([write(split) for split in SEEDS]))
    found = content.sha256
    return content.as_data("grammar", {"grammar": found}, verified=found == SHA256)


def write(split: str) -> list[str]:
    """The words of `train`, `valid` or `test`, with `<eos>`; their documents are drawn independently."""
    writer = Writer(lexicon(), SEEDS[split])
    while len(writer.words) < TOKENS[split]:
        writer.document()
    return writer.words
