"""Sweeps: many points of a scenario, each with many runs, in a store that survives what may happen."""
