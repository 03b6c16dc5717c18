"""The JavaScript twin of `arithmetic`, for pages that ask questions without a server."""

from __future__ import annotations

from importlib.resources import files


def calendar_script() -> str:
    """Give the text of ``calendar.js``: a plain script that defines the object ``donghaengCalendar``."""
    return files("donghaeng.civil_calendar").joinpath("calendar.js").read_text("utf-8")
