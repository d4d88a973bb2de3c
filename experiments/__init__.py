"""The questions that are asked of a world: runs, figures, comparisons. The only place that draws."""
