"""The public site: static pages from a release, and from nothing else."""
