"""How do people read it? Records and papers become tables, figures and pages; imports no torch."""
