"""Many pictures in one call."""
