"""Decisions over HTTP: the edge of the program, where clocks are read and answers leave."""
