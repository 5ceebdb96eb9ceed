"""The verbs of the command line, a file per group. Each parses, calls and prints; nothing is decided here."""
