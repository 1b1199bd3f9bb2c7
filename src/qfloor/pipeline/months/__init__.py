"""One round after another: what changed, what is published and written down of it."""
