"""What the simulator is held against: claims of the literature, each with its test as data."""
