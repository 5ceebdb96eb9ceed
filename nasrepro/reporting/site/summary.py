"""The site for programs: every item with its state, its places and its verdicts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nasrepro.reporting.site.material import ItemMaterial, ItemResult, Results, SiteMaterial


def site_summary(material: SiteMaterial, results: Results) -> dict[str, Any]:
    """What `site.json` holds."""
    items = [_item(own, results.items[name]) for name, own in material.items.items()]
    return {"command": material.command, "records": len(material.held), "unread": list(material.unread), "items": items}


def _item(own: ItemMaterial, result: ItemResult) -> dict[str, Any]:
    places = [
        {
            "benchmark": runs.place.benchmark,
            "scale": runs.place.scale,
            "seeds": runs.place.seeds,
            "state": runs.state,
            "done": runs.done,
            "wanted": runs.wanted,
        }
        for runs in own.places
    ]
    return {
        "id": result.id,
        "kind": own.item.kind,
        "title": own.item.title,
        "state": own.state,
        "places": places,
        "claims": [asdict(claim) for claim in result.claims],
        "files": sorted(result.files),
    }
