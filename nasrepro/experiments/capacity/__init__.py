"""What a plan costs, and how long it takes on how many workers, before anything is run.

The way: settings of a run → pieces of work (`work`) → seconds (`costs`, measured by `measuring`) → jobs of a plan
(`demand`) → a schedule (`simulation`).
"""
