"""The live pages of a reception desk: for clerks under ``/desk``, for patients under ``/desk/kiosk``.

The pages have no data. A script asks the API for what it shows, with the key of whoever sits there.
"""
