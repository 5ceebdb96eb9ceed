"""Published recipes for training cells of the DARTS space from scratch, against numbers of their papers and logs."""

import pytest

from nasrepro.training.language import LanguageRetrainSettings, LanguageSettings, WikiText2RetrainSettings
from nasrepro.training.retraining import ImageNetRetrainSettings, RetrainSettings
from nasrepro.training.settings import source


def test_a_learning_rate_belongs_to_its_epoch():
    cifar = RetrainSettings()
    assert cifar.learning_rate(0) == 0.025
    assert cifar.learning_rate(599) == pytest.approx(1.71e-7, abs=1e-9)


def test_imagenet_falls_by_three_percent_an_epoch_from_the_first_on():
    recipe = ImageNetRetrainSettings()
    assert [recipe.learning_rate(epoch) for epoch in (0, 1, 249)] == pytest.approx([0.1, 0.097, 0.1 * 0.97**249])
    assert (recipe.epochs, recipe.batch_size, recipe.weight_decay, recipe.label_smoothing) == (250, 128, 3e-5, 0.1)
    assert (recipe.cutout, recipe.drop_path, recipe.auxiliary_weight) == (0, 0, 0.4)


def test_the_line_of_the_other_recipe_has_a_tail_of_five_epochs():
    recipe = ImageNetRetrainSettings(batch_size=256, lr=0.2, schedule="linear")
    rates = [recipe.learning_rate(epoch) for epoch in (0, 100, 244, 245, 249)]
    assert rates == pytest.approx([0.2, 0.2 * 145 / 245, 0.2 / 245, 0.2 * 5 / 1225, 0.2 / 1225])
    few = RetrainSettings(epochs=4, lr=0.2, schedule="linear")
    assert [few.learning_rate(epoch) for epoch in range(4)] == pytest.approx([0.2, 0.15, 0.1, 0.05])


def test_dropping_paths_begins_at_none_and_never_quite_gets_there():
    recipe = RetrainSettings()
    assert [recipe.drop_path_at(epoch) for epoch in (0, 300, 599)] == pytest.approx([0, 0.1, 0.2 * 599 / 600])


def test_the_last_epoch_is_scored_whatever_the_interval():
    recipe = RetrainSettings(epochs=7, eval_every=3)
    assert [epoch for epoch in range(1, 8) if recipe.scores_after(epoch)] == [3, 6, 7]


def test_every_setting_says_where_it_was_published():
    texts = (LanguageSettings, LanguageRetrainSettings, WikiText2RetrainSettings)
    for recipe in (RetrainSettings, ImageNetRetrainSettings, *texts):
        assert all(field.description for field in recipe.model_fields.values())
        assert "not stated" not in {source(recipe, name) for name in recipe.model_fields}
    assert source(ImageNetRetrainSettings, "lr") == "Liu et al. (ICLR 2019), architecture evaluation on ImageNet"
    assert source(ImageNetRetrainSettings, "clip") == "Liu et al. (ICLR 2019), architecture evaluation on CIFAR-10"
    assert source(LanguageRetrainSettings, "epochs").startswith("Sciuto et al.")
    assert source(LanguageRetrainSettings, "lr") == source(WikiText2RetrainSettings, "lr")
    assert source(LanguageSettings, "train_tokens") == "this project's choice"


def test_both_texts_train_alike_but_for_two_numbers():
    ptb, wikitext = LanguageSettings().model_dump(), WikiText2RetrainSettings().model_dump()
    assert {name: (ptb[name], wikitext[name]) for name in ptb if ptb[name] != wikitext[name]} == {
        "weight_decay": (8e-7, 5e-7),
        "dropout_hidden": (0.25, 0.15),
    }
    assert LanguageRetrainSettings().epochs == 1000
