"""Which runs can have all cells of their space scored."""

import pytest

from nasrepro.errors import UserError
from nasrepro.experiments.plan import plan
from nasrepro.experiments.space_scores import score_jobs
from nasrepro.records.store import RunStore


@pytest.mark.parametrize(("name", "space"), [("rnn2-grammar", "darts_rnn2"), ("darts-digits", "darts")])
def test_spaces_that_are_not_scored_class_by_class_are_refused(tmp_path, name, space):
    store = RunStore(tmp_path)
    planned = plan(["randomnas"], name, [0], scale="smoke", protocol="sound", threads=1, overrides={}, store=store)
    with pytest.raises(UserError, match=f"'{name}' cannot be scored: its space is '{space}.*on 'nb201'"):
        score_jobs(planned, store)
