"""Small tables the project measured itself and the registry of external files."""
