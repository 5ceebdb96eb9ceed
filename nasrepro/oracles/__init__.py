"""What is a genotype worth? Split- and fidelity-typed sources of truth."""
