"""From observations to an index: one verb a file."""
