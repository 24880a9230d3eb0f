"""From a dataset to a frame and a sample."""
