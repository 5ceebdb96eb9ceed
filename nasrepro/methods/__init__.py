"""How is a genotype chosen? Samplers, selectors and the table of their named combinations."""
