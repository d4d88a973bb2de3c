"""``python -m experiments`` is the command ``cascades``."""

from experiments.cli import main

main()
