"""Which image belongs to which part: the official CIFAR-10 halves, class-balanced parts and subsets.

Everything here is a pure function of its arguments: the same indices on every machine and library version.
"""

from __future__ import annotations

import itertools
import random

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

CIFAR10_SPLIT_SEED = 1021
"""Seed of the CIFAR-10 halves that NAS-Bench-201 publishes as a file of indices."""


def half_split(count: int = 50_000, seed: int = CIFAR10_SPLIT_SEED) -> tuple[Indices, Indices]:
    """The official NAS-Bench-201 halves of CIFAR-10's training images: (train, valid), each sorted.

    NAS-Bench-201 (Dong & Yang, 2020) shuffles 0..count-1 with Python's own generator and sorts the two halves;
    with the default arguments this regenerates its published index file exactly.
    """
    order = list(range(count))
    random.Random(seed).shuffle(order)
    middle = count // 2
    return np.sort(np.asarray(order[:middle], np.int64)), np.sort(np.asarray(order[middle:], np.int64))


def position_halves(count: int = 50_000) -> tuple[Indices, Indices]:
    """The first and the second half by position: (train, valid), as DARTS (Liu et al., 2019) cuts CIFAR's training
    images in their stored order."""
    everything = np.arange(count, dtype=np.int64)
    return everything[: count // 2], everything[count // 2 :]


def random_order(count: int, seed: int) -> Indices:
    """A permutation of 0..count-1 from raw PCG64 output, which NumPy promises never to change."""
    keys = np.random.PCG64(seed).random_raw(count)
    return np.argsort(keys, kind="stable").astype(np.int64)


def ranks_within_class(labels: Indices, order: Indices | None = None) -> Indices:
    """For each image, how many images of its class come before it (in `order`, else as stored)."""
    order = np.arange(len(labels)) if order is None else order
    ranks = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        ranks[members] = np.arange(len(members))
    return ranks


def balanced_subset(labels: Indices, count: int) -> Indices:
    """Indices, sorted, of `count` images with the classes as equal as possible: the first ones of each class.

    Subsets are nested: a larger `count` only adds images. Classes that run out are made up by the others.
    """
    by_rank = np.lexsort((labels, ranks_within_class(labels)))
    return np.sort(by_rank[:count]).astype(np.int64)


def balanced_parts(labels: Indices, per_class: tuple[int, ...], seed: int) -> list[Indices]:
    """Disjoint random parts with exactly `per_class[i]` images of every class, then one part with all the others.

    Indices are sorted within each part.
    """
    ranks = ranks_within_class(labels, random_order(len(labels), seed))
    edges = np.cumsum((0, *per_class))
    parts = [np.flatnonzero((ranks >= low) & (ranks < high)) for low, high in itertools.pairwise(edges)]
    return [*parts, np.flatnonzero(ranks >= edges[-1])]
