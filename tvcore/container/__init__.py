"""Containers: the images of tiles, the commands that run in them, and the way to GL."""
