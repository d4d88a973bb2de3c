"""Pages that open from disk: built as trees, so that words of scenarios are text and can be nothing else."""
