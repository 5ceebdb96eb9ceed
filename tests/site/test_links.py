"""Every link of the site leads somewhere inside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest


class Links(HTMLParser):
    """Ids and addresses of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.external: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if own.get("id"):
            self.ids.append(str(own["id"]))
        for name in ("href", "src", "srcset", "action", "poster", "xlink:href"):
            if own.get(name):
                (self.external if own.get("rel") == "external" else self.addresses).append(str(own[name]))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    """What every page links to."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        found[path.resolve()] = Links()
        found[path.resolve()].feed(path.read_text(encoding="utf-8"))
    return found


def test_every_address_is_a_file_and_every_anchor_is_there(pages: dict[Path, Links]) -> None:
    broken = []
    for path, own in pages.items():
        for address in own.addresses:
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchored = not parts.fragment or (target in pages and unquote(parts.fragment) in pages[target].ids)
            if parts.scheme or parts.netloc or not target.is_file() or not anchored:
                broken.append(f"{path.name}: {address}")
    assert broken == []
    assert sum(len(own.addresses) for own in pages.values()) > 500


def test_no_page_has_an_id_twice(pages: dict[Path, Links]) -> None:
    twice = {path.name: sorted({name for name in own.ids if own.ids.count(name) > 1}) for path, own in pages.items()}
    assert {name: ids for name, ids in twice.items() if ids} == {}


def test_every_page_can_be_reached_from_the_first(site: Path, pages: dict[Path, Links]) -> None:
    reached, waiting = set(), [(site / "index.html").resolve()]
    while waiting:
        path = waiting.pop()
        if path in reached or path not in pages:
            continue
        reached.add(path)
        waiting += [
            (path.parent / unquote(urlsplit(own).path)).resolve() for own in pages[path].addresses if own[0] != "#"
        ]
    assert set(pages) - reached == set()


def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    for path in [*site.rglob("*.css"), *site.rglob("*.js")]:
        assert not re.search(r"https?://|@import|url\((?!#|data:)", path.read_text(encoding="utf-8")), path.name
