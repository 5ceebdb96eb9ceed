"""How does a small network train fast on one core? Compiled loops over maps whose innermost axis is the batch."""
