"""Ways to read a run that need more than rows and conditions: quantities ``reading = "NAME"``.

Each function takes the run and the arguments that the claim gives ``with``. Importing this package registers
them all.
"""

from experiments.evidence.run_readings import diffusion, following, making

__all__ = ["diffusion", "following", "making"]
