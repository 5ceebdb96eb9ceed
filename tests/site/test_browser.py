"""The site as people meet it: every page in a browser, wide and narrow, and its few moving parts used."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
WIDTHS = (1280, 390)
Report = dict[str, Any]

HARNESS = """<!doctype html><meta charset="utf-8"><body><script>
const jobs = JOBS, seen = {};
let frame = null;
function next() {
  if (frame) frame.remove();
  if (jobs.length === 0) {
    const out = document.createElement("pre");
    out.id = "seen";
    out.textContent = JSON.stringify(seen);
    document.body.append(out);
    return;
  }
  frame = document.createElement("iframe");
  [frame.width, frame.src, frame.height] = [...jobs[0], 900];
  document.body.append(frame);
}
addEventListener("message", (event) => {
  const [width, page] = jobs.shift();
  seen[page + " " + width] = JSON.parse(event.data);
  next();
});
next();
</script>"""
"""Shows the pages one after the other in frames of the widths, and in the end what they said."""


@pytest.fixture(scope="module")
def seen(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What each page said of itself, by `PATH WIDTH`; and what the browser logged, as `console`."""
    folder = tmp_path_factory.mktemp("browser")
    copy = folder / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("records"))
    probe = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
    pages = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*.html"))
    for name in pages:
        page = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(page.replace("<head>", f"<head><script>{probe}</script>", 1), encoding="utf-8")
    jobs = [[width, name] for name in pages for width in WIDTHS]
    (copy / "harness.html").write_text(HARNESS.replace("JOBS", json.dumps(jobs)), encoding="utf-8")
    dom, log = _in_chromium(copy / "harness.html", folder)
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, flags=re.DOTALL)
    assert found, f"no page answered; the browser said: {log[-2000:]}"
    reports: dict[str, Report] = json.loads(html.unescape(found[1]))
    assert len(reports) == len(jobs)
    return reports | {"console": {"lines": re.findall(r".*:CONSOLE.*", log)}}


def _in_chromium(page: Path, folder: Path) -> tuple[str, str]:
    """The page's DOM after everything has run, and the browser's log."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000"),
            *(
                "--enable-logging=stderr",
                "--v=0",
                "--virtual-time-budget=60000",
                f"--user-data-dir={folder / 'profile'}",
            ),
            *("--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HOME": str(folder)},
        check=False,
    )
    return done.stdout, done.stderr


def _pages(seen: dict[str, Report], width: int | None = None) -> dict[str, Report]:
    return {name: own for name, own in seen.items() if "width" in own and width in (None, own["width"])}


def test_every_page_was_seen_at_both_widths(seen: dict[str, Report]) -> None:
    assert len(_pages(seen, 1280)) == len(_pages(seen, 390)) >= 15
    assert all(own["heading"] for own in _pages(seen).values())


def test_no_page_says_an_error(seen: dict[str, Report]) -> None:
    assert {name: own["errors"] for name, own in _pages(seen).items() if own["errors"]} == {}
    assert seen["console"]["lines"] == []


def test_no_page_is_wider_than_the_window(seen: dict[str, Report]) -> None:
    wider = {name: own["sticksOut"] for name, own in _pages(seen).items() if own["needed"] > own["room"]}
    assert wider == {}


def test_every_table_can_be_seen(seen: dict[str, Report]) -> None:
    tables = [(name, own["width"], table) for name, own in _pages(seen).items() for table in own["tables"]]
    assert len({name.split()[0] for name, _, _ in tables}) >= 10
    for name, width, table in tables:
        where = f"{name}: {table['label']}"
        assert table["shown"], where
        assert table["rows"] > 0, where
        assert table["width"] > 100, where
        assert table["height"] > 30, where
        assert -1 <= table["left"] <= table["first"], where
        assert table["right"] <= width + 1, where


def test_a_click_on_a_heading_sorts_and_another_one_turns_it_round(seen: dict[str, Report]) -> None:
    sorted_ = [(name, table) for name, own in _pages(seen, 1280).items() for table in own["sorted"]]
    assert len(sorted_) >= 5
    for name, table in sorted_:
        assert table["button"], name
        assert table["rising"]["values"] == sorted(table["rising"]["values"]), name
        assert table["falling"]["values"] == sorted(table["rising"]["values"], reverse=True), name
        assert (table["rising"]["sort"], table["falling"]["sort"]) == ("ascending", "descending"), name


@pytest.mark.parametrize("page", ["claims.html", "ledger.html"])
def test_a_filter_leaves_one_kind_and_brings_all_back(seen: dict[str, Report], page: str) -> None:
    (bar,) = seen[f"{page} 1280"]["filtered"]
    assert bar["shown"]
    assert bar["chosen"]["kinds"] == [bar["chosen"]["kind"]]
    assert bar["chosen"]["pressed"] == "true"
    assert bar["empty"] == 0
    assert bar["before"] == bar["after"] > 3


def test_the_button_turns_light_to_dark_and_back(seen: dict[str, Report]) -> None:
    for name, own in _pages(seen).items():
        assert sorted(own["themes"]) == ["rgb(22, 24, 28)", "rgb(255, 255, 255)"], name
