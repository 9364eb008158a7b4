"""How good and how fast: content and style distances, and timings."""
