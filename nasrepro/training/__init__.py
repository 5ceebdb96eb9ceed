"""How is it trained? The only training loops there are."""
