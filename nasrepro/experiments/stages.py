"""The progress of one run whose answer is trained from scratch after the search."""

from __future__ import annotations

from nasrepro.experiments.jobs import Report


class Stages:
    """One rising count out of two: of the search, and of the training of what it found where that is how it is judged.

    Which of them takes longer is not known beforehand; both get half.
    """

    def __init__(self, report: Report, *, judged_by_training: bool) -> None:
        self._report, self._more = report, judged_by_training
        self._searched = 0

    def searching(self, done: int, total: int) -> None:
        """`done` of `total` steps of the search."""
        self._searched = total
        self._report(done, 2 * total if self._more else total)

    def judging(self, done: int, total: int) -> None:
        """`done` of `total` steps of a training; several trainings count as one over and over."""
        whole = max(1, self._searched)
        self._report(whole + whole * done // max(1, total), 2 * whole)
