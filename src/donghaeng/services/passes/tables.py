"""What all tables of the pass service are put into; a module of its own, so that none of them imports another."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
