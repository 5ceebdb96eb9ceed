"""`show METHOD`: the three answers, protocols, settings with their sources, differences between paper and release."""

import pytest

from nasrepro import benchmarks
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.training.settings import Settings, source


def settings(facts):
    return {row["name"]: row for row in facts["settings"]}


def flat(blocks):
    return {f"{block}.{name}": value for block, values in blocks.items() for name, value in values.items()}


def test_the_three_questions_are_answered_in_sentences(nasrepro):
    facts = nasrepro("show", "gdas", "--json").json
    assert set(facts["answers"]) == {"path", "loss", "genotype"}
    for answer in facts["answers"].values():
        assert answer.endswith(".")
        assert len(answer.split()) > 5
    page = nasrepro("show", "gdas").out
    for words in (
        "Which path is trained next? [gumbel]",
        "With what loss?",
        "Which genotype is returned? [argmax]",
        "Dong & Yang, CVPR 2019",
        facts["answers"]["path"],
    ):
        assert words in page


def test_a_regularizer_answers_with_what_loss(nasrepro):
    facts = nasrepro("show", "randomnas-ac", "--json").json
    assert facts["loss"] == "complementation"
    assert "the path of the step before, and a complement" in facts["answers"]["loss"]
    assert settings(facts)["regularizer.epsilon"]["default"] == 0.5
    page = nasrepro("show", "randomnas-ac").out
    assert "With what loss? [complementation]" in page
    assert "as-written: regularizer.weighting = as-printed" in page
    assert nasrepro("show", "gdas").out.count("With what loss? [cross-entropy]") == 1


@pytest.mark.parametrize("method", catalog.METHODS)
def test_every_setting_says_where_it_was_published(nasrepro, method):
    facts = nasrepro("show", method, "--json").json
    assert [row["name"] for row in facts["settings"] if row["published"] in ("", "not stated")] == []
    assert all("not described" not in answer for answer in facts["answers"].values())


def test_settings_are_grouped_by_where_they_come_from(nasrepro):
    rows = settings(nasrepro("show", "darts-v2", "--json").json)
    assert "DARTS" in rows["training.epochs"]["published"]
    assert rows["training.epochs"]["default"] == rows["training.epochs"]["paper"] == 50
    assert "weight-sharing baselines" in rows["training.lr"]["published"]
    assert rows["training.precision"]["published"] == "this project's choice"
    assert rows["sampler.radius"]["published"].startswith("Liu et al.")
    page = nasrepro("show", "darts-v2").out
    assert "training: this project's choice" in page
    assert "sampler: Liu et al. (ICLR 2019)" in page
    assert page.index("training.epochs") < page.index("training.precision")


def test_what_a_protocol_replaces_is_shown(nasrepro):
    facts = nasrepro("show", "enas", "--json").json
    assert facts["protocols"]["sound"] == {}
    assert facts["protocols"]["as-released"]["training.bn"] == "running"
    page = nasrepro("show", "enas").out
    assert "sound: the settings below" in page
    assert "as-released: training.bn = running" in page


@pytest.mark.parametrize(
    ("method", "sources"),
    [
        ("randomnas", {"training.epochs": (50, "Liu et al. (ICLR 2019)"), "training.lr": (0.025, "Dong & Yang (ICLR")}),
        ("randomnas-nsas", {"selector.candidates": (1000, "Li & Talwalkar (UAI 2019)")}),
        ("gdas", {"training.batch_size": (256, "Dong & Yang (CVPR 2019), released for NASNet's cells")}),
        ("en2as", {"training.epochs": (100, "Zhang et al., EN²AS, appendix"), "training.nesterov": (False, "Liu")}),
    ],
)
def test_what_is_published_for_a_space_has_its_source(nasrepro, method, sources):
    rows = settings(nasrepro("show", method, "-b", "darts-cifar10", "--json").json)
    for name, (value, where) in sources.items():
        assert rows[name]["default"] == rows[name]["paper"] == value
        assert rows[name]["published"].startswith(where)
    assert rows["skeleton.cells"]["published"] == "Liu et al. (ICLR 2019)"
    assert rows["training.probe_cells"]["paper"] == rows["training.probe_cells"]["default"] == 12
    assert rows["training.probe_cells"]["smoke"] == 2
    page = nasrepro("show", method, "-b", "darts-cifar10").out
    assert "skeleton of the supernet: Liu et al. (ICLR 2019)" in page


def test_the_skeleton_is_called_the_supernets(nasrepro):
    page = " ".join(nasrepro("show", "randomnas").out.split())  # titles are as narrow as their tables
    assert "skeleton of the supernet: the networks behind the truth of nb201-digits" in page
    assert settings(nasrepro("show", "randomnas", "--json").json)["training.probe_cells"]["paper"] == 200


@pytest.mark.parametrize("method", ["randomnas", "randomnas-nsas", "gdas", "gdas-nsas", "en2as", "darts-v2", "enas"])
@pytest.mark.parametrize("on", ["darts-cifar10", "nb201-digits", "rnn-ptb"])
def test_a_protocol_is_shown_as_it_is_run(nasrepro, method, on):
    shown = nasrepro("show", method, "-b", on, "--json").json["protocols"]
    known, where = catalog.get(method), benchmarks.get(on)
    plain = flat(resolve(known, where, "paper"))
    for protocol, replaced in shown.items():
        run = flat(resolve(known, where, "paper", protocol=protocol))
        assert {name: value for name, value in run.items() if value != plain[name]}.items() <= replaced.items()
        assert {name: run[name] for name in replaced} == replaced


@pytest.mark.parametrize("name", benchmarks.names())
def test_settings_of_spaces_and_samplers_have_sources(name):
    benchmark = benchmarks.get(name)
    for sampler in [None, *benchmark.sampler_settings]:
        assert all(where not in ("", "not stated") for _, where in benchmark.stated(sampler).values())
    assert set(benchmark.sampler_sources) == set(benchmark.sampler_settings)
    assert benchmark.supernet is None or benchmark.space_sources["skeleton"]


def test_a_method_without_weight_sharing(nasrepro):
    facts = nasrepro("show", "rea-timed", "--benchmark", "nb201-cifar10", "--json").json
    assert facts["answers"]["path"].startswith("None")
    rows = settings(facts)
    assert rows["search.rule"]["default"] == "nas-bench-201"
    assert rows["search.seconds"]["paper"] is None
    page = nasrepro("show", "rea-timed").out
    assert "12,000 s" in page
    assert "null" in page


def test_differences_are_told_in_full_and_general_ones_by_name(nasrepro):
    page = nasrepro("show", "gdas").out
    assert "gdas-scalar-terms: GDAS" in page
    assert "release: The edge adds to the output" in page
    assert "every method (--json has them in full): nb201-6466-classes" in page
    found = nasrepro("show", "gdas", "--json").json["differences"]
    assert {"gdas-scalar-terms", "nb201-6466-classes"} <= {entry["id"] for entry in found}
    assert all(entry["release_does"] and entry["why_it_matters"] for entry in found)


def test_the_source_of_a_setting_is_that_of_the_class_that_declares_it():
    class Theirs(Settings):
        published = "a paper"
        lr: float = 1.0
        width: int = 2

    class Ours(Theirs):
        published = "another paper"
        ours = ("speed",)
        width: int = 3
        speed: int = 1

    class Plain(Settings):
        x: int = 1

    assert [source(Ours, name) for name in ("lr", "width", "speed")] == [
        "a paper",
        "another paper",
        "this project's choice",
    ]
    assert source(Plain, "x") == "not stated"
    assert Ours().model_dump() == {"lr": 1.0, "width": 3, "speed": 1}


def test_a_composed_method_has_the_differences_of_its_base_and_of_its_new_regularizer(nasrepro):
    def ids(name):
        return {entry["id"] for entry in nasrepro("show", name, "--json").json["differences"]}

    assert ids("setn") < ids("setn+nsas") >= {"nsas-darts-replay-gradient"}
    assert ids("setn+ea") == ids("setn")


def test_a_part_alone_is_shown_with_a_method(nasrepro):
    told = nasrepro("show", "nsas")
    assert told.code == 2
    assert "'nsas' is a regularizer, shown with a method: nasrepro show randomnas+nsas" in told.err
