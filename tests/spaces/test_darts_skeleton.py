"""Which networks around DARTS cells there can be."""

from __future__ import annotations

import pytest

from nasrepro.spaces.darts_skeleton import DartsSkeleton


@pytest.mark.parametrize(("cells", "reductions"), [(3, {1, 2}), (5, {1, 3}), (8, {2, 5}), (14, {4, 9}), (20, {6, 13})])
def test_reductions_stand_at_the_thirds(cells, reductions):
    assert DartsSkeleton(16, cells, 32, 10).reductions == reductions


def test_a_supernet_needs_six_sizes():
    skeleton = DartsSkeleton(16, 8, 32, 10)
    sizes = {"channels": 16, "cells": 8, "image_size": 32, "classes": 10, "in_channels": 3, "stem": 3}
    assert skeleton.sizes() == sizes
    assert DartsSkeleton(**sizes) == skeleton


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cells": 2}, "at least 3"),
        ({"channels": 0}, "at least 1"),
        ({"image_size": 30}, "30 is not divisible by 4"),
        ({"image_size": 16}, "auxiliary head .* 16 leave 4"),
        ({"image_size": 44}, "auxiliary head .* 44 leave 11"),
        ({"family": "imagenet"}, "auxiliary head .* 32 leave 1"),
        ({"family": "imagenet", "image_size": 200}, "200 is not divisible by 32"),
        ({"family": "imagenet", "image_size": 224, "channels": 15}, "15 is odd"),
        ({"family": "svhn"}, "no family 'svhn'.*cifar, imagenet"),
    ],
)
def test_impossible_sizes_say_why(wrong, says):
    with pytest.raises(ValueError, match=says):
        DartsSkeleton(**{"channels": 16, "cells": 8, "image_size": 32, "classes": 10, **wrong})


def test_small_images_do_without_the_auxiliary_head():
    assert DartsSkeleton(4, 5, 8, 10, auxiliary=False).last_side == 2
    assert DartsSkeleton(48, 14, 224, 1000, family="imagenet").last_side == 7
