"""What happened? Specifications, records and the store that keeps them."""
