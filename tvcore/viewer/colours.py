"""Colour maps that keep their order for every eye, and in a copy without colours: values evenly from low to high.

viridis, cividis: perceptually uniform (B. Nunez, C. Anderton, R. Renslow, PLoS ONE 13 (2018) e0199239); coolwarm: from
a middle to both sides (K. Moreland, ISVC 2009).
"""

from __future__ import annotations

from typing import Any, Literal

Colours = Literal["viridis", "cividis", "gray", "coolwarm"]
Colour = tuple[float, float, float]  # red, green, blue, from 0 to 1

MAPS: dict[str, tuple[Colour, ...]] = {
    "viridis": (
        (0.267, 0.005, 0.329), (0.283, 0.141, 0.458), (0.254, 0.265, 0.530), (0.207, 0.372, 0.553),
        (0.164, 0.471, 0.558), (0.128, 0.567, 0.551), (0.135, 0.659, 0.518), (0.267, 0.749, 0.441),
        (0.478, 0.821, 0.318), (0.741, 0.873, 0.150), (0.993, 0.906, 0.144),
    ),
    "cividis": (
        (0.000, 0.135, 0.305), (0.032, 0.201, 0.441), (0.209, 0.273, 0.425), (0.310, 0.340, 0.425),
        (0.401, 0.412, 0.441), (0.489, 0.485, 0.471), (0.582, 0.559, 0.468), (0.684, 0.639, 0.444),
        (0.786, 0.720, 0.400), (0.897, 0.811, 0.321), (0.996, 0.909, 0.218),
    ),
    "gray": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "coolwarm": (
        (0.230, 0.299, 0.754), (0.348, 0.466, 0.888), (0.484, 0.622, 0.975), (0.619, 0.744, 0.999),
        (0.754, 0.830, 0.961), (0.867, 0.864, 0.863), (0.947, 0.795, 0.717), (0.968, 0.674, 0.557),
        (0.932, 0.519, 0.406), (0.839, 0.322, 0.265), (0.706, 0.016, 0.150),
    ),
}  # fmt: skip
NOT_A_NUMBER = (0.35, 0.12, 0.35)


def colours(name: str, low: float, high: float) -> Any:
    """Return VTK's function from values to the colours of the map *name*, for values from *low* to *high*."""
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction

    function = vtkColorTransferFunction()
    steps = MAPS[name]
    for i, colour in enumerate(steps):
        function.AddRGBPoint(low + (high - low) * i / (len(steps) - 1), *colour)
    function.SetNanColor(*NOT_A_NUMBER)
    return function
