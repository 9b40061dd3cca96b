"""The way to the node agents."""
