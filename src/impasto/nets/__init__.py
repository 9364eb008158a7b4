"""Painting networks: Impasto's own and Johnson's, built of the same blocks."""
