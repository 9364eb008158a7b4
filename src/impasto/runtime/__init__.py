"""Painting with a trained network: the engines that run its graph, and the stylizer around them."""
