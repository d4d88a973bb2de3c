"""The commands of ``cascades``, by what they do. Nothing heavy is imported before it is needed."""
