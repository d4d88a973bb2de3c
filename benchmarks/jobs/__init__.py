"""The standard jobs of diffusion on a network, by us, by peers, and by hand: the same graph, the same model.

Every program is a class with ``__init__(nodes, pairs, job)`` (builds what it needs from an array of pairs),
``ready(seed)`` (sets it back to the start) and ``simulate()`` (returns how many were reached by each step).
``programs.py`` lists them, ``measuring.py`` runs each in a process of its own.
"""
