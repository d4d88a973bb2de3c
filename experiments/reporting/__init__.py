"""A folder of results as one page that says what was asked, what came out, why, and how to make it again."""

from experiments.reporting.making import report

__all__ = ["report"]
