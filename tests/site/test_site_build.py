"""The site as files: the same from the same records, and changed only where a record stands behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from invented import image_records, material, text_records

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.reporting.site.build import build_site
from nasrepro.reporting.site.material import BenchmarkMaterial, ItemMaterial, SiteMaterial

Build = Callable[[str, list[RunRecord], int], Path]


def small(folder: Path, records: list[RunRecord]) -> SiteMaterial:
    """Two items and a benchmark of images, two items and one of texts."""
    whole = material(folder, records)
    return replace(whole, items={name: own for name, own in whole.items.items() if "nsas" not in name})


def records() -> list[RunRecord]:
    return [*image_records(3), *text_records(3)]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    root = tmp_path_factory.mktemp("builds")

    def built(name: str, chosen: list[RunRecord], workers: int) -> Path:
        return build_site(small(root / f"{name}-store", chosen), root / name, workers=workers).parent

    return built


@pytest.fixture(scope="module")
def base(build: Build) -> Path:
    return build("base", records(), 1)


def contents(site: Path) -> dict[str, bytes]:
    return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def differing(site: Path, other: Path) -> set[str]:
    """Files that are in one of the two only, or differ."""
    first, second = contents(site), contents(other)
    return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}


def test_the_same_records_give_the_same_bytes_whatever_the_processes(base: Path, build: Build) -> None:
    assert differing(base, build("parallel", records(), 2)) == set()
    assert len(contents(base)) > 60


# what is concerned when a run of GDAS on images is not what it was
CONCERNED = re.compile(
    r"index\.html|site\.json|sources\.html|claims\.html|records/.*|papers/(index|e2nas)\.html"
    r"|(tables|figures)/(e2nas-table-1|nb201-digits|claims)\b.*|benchmarks/(index|nb201-digits)\.html"
    r"|methods/(index|gdas|e2nas|randomnas|random)\.html"
)


def test_a_removed_record_changes_what_it_stands_behind_and_nothing_else(base: Path, build: Build) -> None:
    gone = next(own for own in records() if own.spec.method == "gdas" and own.spec.seed == 1)
    changed = differing(base, build("removed", [own for own in records() if own.key != gone.key], 1))
    assert {name for name in changed if not CONCERNED.fullmatch(name)} == set()
    assert f"records/{gone.key}.json.gz" in changed
    assert {"papers/e2nas.html", "tables/e2nas-table-1.csv", "benchmarks/nb201-digits.html", "index.html"} <= changed
    assert {"papers/evaluating-search.html", "benchmarks/rnn2-grammar.html", "ledger.html"}.isdisjoint(changed)


def test_a_changed_value_changes_the_cells_of_its_row_alone(base: Path, build: Build) -> None:
    altered = []
    for own in records():
        if own.spec.method == "gdas" and own.spec.seed == 1:
            scores = [score.model_copy(update={"value": 90.0}) for score in own.scores]
            own = own.model_copy(update={"scores": scores})
        altered.append(own)
    other = build("altered", altered, 1)
    before, after = (site / "tables" / "e2nas-table-1.csv" for site in (base, other))
    pairs = list(zip(before.read_text().splitlines(), after.read_text().splitlines(), strict=True))
    assert [one.split(",")[:3] for one, two in pairs if one != two] == [["GDAS", "gdas", '"ours']]
    assert {name for name in differing(base, other) if not CONCERNED.fullmatch(name)} == set()


def test_every_row_of_ours_leads_to_its_records(base: Path) -> None:
    page = (base / "papers" / "e2nas.html").read_text()
    rows = re.findall(r'<tr[^>]*title="records: ([^"]+)"[^>]*><th[^>]*>(.*?)</th>', page)
    assert len(rows) > 3
    for keys, _ in rows:
        assert all((base / "records" / f"{key}.json.gz").is_file() for key in keys.split(", "))
        assert all(f"../records/{key}.json.gz" in page for key in keys.split(", "))
    linked = [heading for _, heading in rows if 'href="#table-1-records-1"' in heading]
    assert len(linked) == 3


def test_a_machine_reads_states_and_verdicts(base: Path) -> None:
    site = json.loads((base / "site.json").read_text())
    items = {item["id"]: item for item in site["items"]}
    assert items["nao/table-1"]["state"] == "reported"
    assert items["e2nas/figure-3"]["state"] == "schematic"
    assert {claim["verdict"] for claim in items["e2nas/table-1"]["claims"]} <= {"inconclusive", "not measured"}
    assert all((base / name).is_file() for item in items.values() for name in item["files"])


def test_without_any_record_the_printed_numbers_stand_alone(tmp_path: Path) -> None:
    whole = small(tmp_path / "store", [])
    empty = replace(
        whole,
        items={name: ItemMaterial(own.item, own.state, own.places) for name, own in whole.items.items()},
        benchmarks=[BenchmarkMaterial(own.name, own.facts, []) for own in whole.benchmarks],
    )
    site = build_site(empty, tmp_path / "site", workers=1).parent
    page = (site / "papers" / "e2nas.html").read_text()
    assert "93.89 ± 0.47" in page
    assert "paper, ours not run" in page
    assert 'class="chip chip-missing"' in page
    assert 'title="records' not in page
    assert "0 runs" in (site / "index.html").read_text()


def test_only_published_sizes_are_called_reproduced(base: Path) -> None:
    for path in base.rglob("*.html"):
        assert re.search("chip-(not-)?reproduced", path.read_text()) is None


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds files but no report"):
        build_site(small(tmp_path / "store", []), tmp_path / "mine", workers=1)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_the_site_needs_no_torch() -> None:
    script = "import sys, nasrepro.reporting.site.build; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
