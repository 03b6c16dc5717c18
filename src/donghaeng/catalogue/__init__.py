"""The room that finds, reads, checks and starts packs. It knows no city; the packs themselves lie in ``packs/``."""
