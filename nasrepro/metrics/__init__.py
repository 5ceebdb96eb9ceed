"""How good is it, and is it luck? Rank correlations, intervals and tests."""
