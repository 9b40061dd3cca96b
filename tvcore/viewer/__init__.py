"""A kit for programs that show one member in a tile with VTK, and for the actions of their case.

``view`` is the window: camera, turning, and what the program is told while it runs. ``colours``, ``surfaces`` and
``notes`` are things to show in it. ``tell`` (in the tile) and ``asking`` (in a case's actions) talk to it. A program
imports only what it needs: sixteen of them start together on two cores.
"""
