"""Painting over HTTP, and the web studio; needs the extra `serve`."""
