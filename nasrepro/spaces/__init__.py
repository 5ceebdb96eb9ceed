"""What can be built? Genotypes and the operations on them; knows nothing of torch."""
