"""The invented city of Narae: what it is called, how it changes over five years, and what was planted in it."""
