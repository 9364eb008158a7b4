"""Training: from photos and paintings to a network and its styles."""
