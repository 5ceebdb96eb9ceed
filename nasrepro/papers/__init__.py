"""What was claimed? The papers' tables and figures as data."""
