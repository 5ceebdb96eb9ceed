"""How is a truth measured? Every cell of a space, trained from scratch with several seeds, becomes a table."""
