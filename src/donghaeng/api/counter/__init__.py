"""The live pages of a counter that sells and serves passes, under ``/counter``.

The pages have no data. A script asks the API for what it shows, with the key of whoever sits there.
"""
