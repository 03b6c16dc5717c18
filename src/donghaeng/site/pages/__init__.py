"""The kinds of page, one file each."""
