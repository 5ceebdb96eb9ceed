"""The progress of one run whose cells are trained from scratch: those that its search asks for, and its answer."""

from __future__ import annotations

from nasrepro.experiments.jobs import Report

_PARTS = 100
"""Of a step of the search, and of what is counted of the judging for every such step."""


class Stages:
    """One count that never falls: of the search, and of the training of what it found where that is how it is judged.

    Which of them takes longer is not known beforehand; both get half. `trials` trainings give a cell its worth, 0 where
    nothing is trained. Those of the answer fill the second half; what is trained beyond them finds it full.
    """

    def __init__(self, report: Report, *, trials: int) -> None:
        self._report, self._trials = report, trials
        self._step = self._steps = 0
        self._judging = False
        self._trained = 0
        self._furthest = 0

    def searching(self, done: int, total: int) -> None:
        """`done` of `total` steps of the search."""
        if not self._trials:
            self._report(done, total)
            return
        self._step, self._steps, self._trained = done, total, 0
        self._rise(done * _PARTS)

    def judging(self) -> None:
        """The search is over; what is trained from now on is its answer."""
        self._step = self._steps = max(1, self._steps)
        self._judging, self._trained = True, 0

    def training(self, done: int, total: int) -> None:
        """`done` of `total` steps of a training: a part of the judging, or of the next step of the search.

        Silent while it is not known how many steps the search has.
        """
        if not self._steps:
            return
        share = min(1.0, (self._trained + done / total) / self._trials)
        self._trained += done == total
        self._rise(self._step * _PARTS + int(share * _PARTS * (self._steps if self._judging else 1)))

    def _rise(self, parts: int) -> None:
        self._furthest = max(self._furthest, parts)
        self._report(self._furthest, 2 * self._steps * _PARTS)
