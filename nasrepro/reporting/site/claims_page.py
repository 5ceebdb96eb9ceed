"""The page of claims: every statement of the papers, what our runs say of it, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.reporting.site.claims_figure import claims_figure
from nasrepro.reporting.site.claims_rows import NOTES, PaperClaims, claims_table, for_people, placed_claims
from nasrepro.reporting.site.exports import drawing_files, table_files
from nasrepro.reporting.site.material import Files, Results, SiteMaterial
from nasrepro.reporting.site.page import render
from nasrepro.reporting.site.words import counted


def claims_page(material: SiteMaterial, results: Results) -> Files:
    """`claims.html`, its table in three formats and its figure in three."""
    papers = [own for own in placed_claims(material, results) if own.claims]
    words = dict(counted(claim.row for own in papers for claim in own.claims))
    drawing = claims_figure(papers)
    table = claims_table(papers)
    page = render(
        "claims_page.html.j2",
        root="",
        active="claims",
        title="What the papers state, and what our runs say of it",
        kicker="Claims",
        papers=papers,
        words=words,
        summary=summary_sentence(papers),
        drawing=drawing,
        notes=NOTES,
        pages={benchmark.name for benchmark in material.benchmarks},
    )
    return {
        "claims.html": page,
        **table_files("claims", table, for_people(table)),
        **drawing_files([drawing] if drawing is not None else []),
    }


def summary_sentence(papers: Sequence[PaperClaims]) -> str:
    """How many statements there are, how many could be judged, and how that went."""
    numbers = {claim.number for own in papers for claim in own.claims}
    met = {claim.number for own in papers for claim in own.claims if claim.sought}
    judged = [claim for own in papers for claim in own.claims if claim.word not in ("not measured", "no bound stated")]
    said = ", ".join(f"{count} {word}" for word, count in counted(claim.row for claim in judged))
    text = f"The papers make {len(numbers)} statements that numbers of ours can answer; {len(met)} were met by runs."
    return f"{text} Over all places there are {len(judged)} verdicts: {said}." if judged else text
