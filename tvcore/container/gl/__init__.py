"""GL in a tile: which ways there are, what each really gives, and which is taken."""

from tvcore.container.gl.asking import Starter, bind, look
from tvcore.container.gl.gpus import find_gpus, gpu_access, gpu_environment
from tvcore.container.gl.values import Binding, Gpu, Setting, Truth, Way

__all__ = [
    "Binding",
    "Gpu",
    "Setting",
    "Starter",
    "Truth",
    "Way",
    "bind",
    "find_gpus",
    "gpu_access",
    "gpu_environment",
    "look",
]
