"""What live pages of staff share: how they go out, their frame, words, scripts and styles.

A page has no data of anybody. Its script asks the API for what it shows, with the key of whoever sits there.
"""
