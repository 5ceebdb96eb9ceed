"""How do genotypes share weights? One-shot and stand-alone networks."""
