"""What is added to the loss? Terms that keep the shared weights of other paths alive while one is trained."""
