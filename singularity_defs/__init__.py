"""Definition files of tile images."""
