"""`autoencoder train` and `autoencoder show`, from the terminal's side."""

from pathlib import Path

import pytest

from nasrepro.commands import autoencoder
from nasrepro.latent.nb201_latents import about

QUICK = ("--share", "0.01", "--set", "hidden=8", "--set", "epochs=2", "--latent", "4")
FILE = Path("nb201-graph-vae-4-5-held-out.safetensors")


@pytest.fixture
def made_study(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "reporting")
    import autoencoder_factory

    return autoencoder_factory.study()


def test_a_small_autoencoder_is_trained_once(nasrepro):
    first = nasrepro("autoencoder", "train", "--seed", "5", *QUICK)
    assert first.code == 0, first.err
    assert "trained on 156 cells" in first.out
    assert "of the held-out ones" in first.out
    assert about(FILE)["seed"] == "5"
    content = FILE.read_bytes()
    again = nasrepro("autoencoder", "train", "--seed", "5", *QUICK, "--json")
    assert "is trained already" in again.err
    assert again.json["file"] == str(FILE)
    assert again.json["recipe"]["hidden"] == 8
    assert "--share 0.01 --set hidden=8" in again.json["provenance"]["command"]
    assert FILE.read_bytes() == content
    assert list(Path("runs/autoencoders").glob("*.pt"))
    refused = nasrepro("autoencoder", "train", "--seed", "6", *QUICK, "--out", FILE)
    assert refused.code == 2
    assert "another recipe or seed" in refused.err
    assert FILE.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["train"], ["--seed"]),
        (["train", "--seed", "-1"], ["'-1'", "at least 0"]),
        (["train", "--seed", "0", "--share", "0"], ["'share'", "greater than 0"]),
        (["train", "--seed", "0", "--set", "hiden=3"], ["'hiden'", "did you mean 'hidden'"]),
        (["train", "--seed", "0", "--set", "hidden"], ["'hidden'", "NAME=VALUE"]),
        (["train", "--seed", "0", "--set", "latent=3"], ["--latent"]),
    ],
)
def test_bad_input(nasrepro, user_error, words, named):
    user_error(nasrepro("autoencoder", *words), *named)


def test_a_foreign_folder_is_refused_before_anything_is_computed(nasrepro, user_error, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("computed in vain")

    monkeypatch.setattr(autoencoder, "_carried_out", never)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("")
    user_error(nasrepro("autoencoder", "show", "--out", "mine"), "'mine'", "new folder")


def test_measures_become_a_page(nasrepro, tmp_path, monkeypatch, made_study):
    asked = []

    def answer(jobs, runs, workers):
        asked.extend(jobs)
        lstm = [(made_study.measures[2], made_study.trainings[0])]
        return [made_study.reference, *made_study.measures[:2], *(lstm if len(jobs) > 8 else [])]

    monkeypatch.setattr(autoencoder, "_carried_out", answer)
    shown = nasrepro("autoencoder", "show")
    assert (shown.code, shown.err) == (0, "")
    assert "report: reports/autoencoder/index.html" in shown.out
    assert "LSTM with predictor" in shown.out
    assert len(asked) == 12
    page = (tmp_path / "reports" / "autoencoder" / "index.html").read_text(encoding="utf-8")
    assert "nasrepro autoencoder show" in page
    without = nasrepro("autoencoder", "show", "--no-lstm", "--json")
    assert len(without.json["measures"]) == 2
    assert without.json["report"] == "reports/autoencoder/index.html"
    assert "--no-lstm" in (tmp_path / "reports" / "autoencoder" / "index.html").read_text(encoding="utf-8")


def test_help_of_the_group(nasrepro):
    result = nasrepro("autoencoder")
    assert (result.code, result.err) == (0, "")
    assert "train" in result.out
