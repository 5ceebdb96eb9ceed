"""What must be said below the tables of a comparison for them to be read alone."""

from __future__ import annotations

from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.ranking import Ranking, by_chance
from nasrepro.reporting.table_model import decimal

_TRAINED_NOTE = (
    "Every found cell was trained from scratch and tested after its last epoch, whatever earlier epochs gave. Where "
    "papers print the error, it is 100 minus this accuracy. Parameters are those of the trained network, without "
    "auxiliary head, as most papers print them."
)
_TRAINED_ON_TEXT_NOTE = (
    "Every found cell was trained from scratch; its perplexities are those of the weights with the lowest validation "
    "perplexity on the way, as papers print them. Parameters are those of the trained language model."
)
_PERPLEXITY_NOTE = "Perplexity: lower is better. Differences are turned so that a positive one is a gain."
_BEST_NOTE = (
    "Best epoch: the one with the highest accuracy on the very test images that are scored, so it lies above what the "
    "network is worth. Some papers quote it."
)


def reads_text(analysis: Analysis) -> bool:
    """Whether cells are judged by a perplexity."""
    return analysis.primary is not None and not analysis.primary.higher_is_better


def other_notes(analysis: Analysis) -> list[str]:
    """Below the scorings beside the primary one."""
    return [_BEST_NOTE] if analysis.trained and not reads_text(analysis) else []


def ranking_note(ranking: Ranking) -> str:
    """Below the rankings of the supernets, of which this is any."""
    dead = "" if ranking.dead is None else f", {ranking.dead} of them input-independent (dead)"
    note = (
        f"Kendall τ-b over {ranking.cells} probe cells at the end of training{dead}; truth: {ranking.truth}. Intervals "
        f"are over seeds, on the same cells.{by_chance(ranking.cells)}"
    )
    if ranking.versus_chance is not None:
        note += (
            " All cells have as many parameters, so counting these ranks nothing. The p-value is of a permutation test "
            f"instead: the truth is dealt out to the cells anew {ranking.versus_chance.draws:,} times, and the mean τ "
            "over the seeds is compared with what that gives (Holm over the rows)."
        )
    if ranking.ceiling is not None:
        note += (
            f" A perfect ranking would get τ = {decimal(ranking.ceiling, 2)}, because trained networks differ by seed "
            f"(spread of trials: {ranking.ceiling_from})."
        )
    return note


def worth_notes(analysis: Analysis) -> list[str]:
    """Below the worth of the found cells."""
    notes = ["Mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean."]
    kinds = sorted({s.interval for r in analysis.methods if (s := r.scores.get(PRIMARY)) and s.interval != "none"})
    if kinds:
        notes[0] += f" Intervals: {', '.join(kinds)}."
    tested = [r.versus_random for r in analysis.methods if r.versus_random is not None]
    if tested:
        against = (
            "the exact mean of one uniform cell under this truth"
            if analysis.exact_random
            else f"the random runs, paired by seed number{'' if reads_text(analysis) else ' and split of the data'}"
        )
        notes.append(
            f"Compared with {against}; p adjusted over the column (Holm). Fewer than 10 seeds: underpowered, no p."
        )
    if reads_text(analysis):
        notes.append(_PERPLEXITY_NOTE)
    if analysis.trained:
        notes.append(_TRAINED_ON_TEXT_NOTE if reads_text(analysis) else _TRAINED_NOTE)
    if analysis.winner:
        notes.append(
            f"Bold: better than every other {analysis.noun} (paired tests, Holm over all pairs): {analysis.winner}."
        )
    elif len(analysis.protocols) > 1:
        notes.append("Every row follows one protocol; only rows of one protocol are tested against each other.")
    elif len(analysis.methods) > 1:
        notes.append(f"No {analysis.noun} is bold: none is shown to be better than every other one.")
    return notes
