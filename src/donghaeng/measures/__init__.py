"""Measures: statistics that a pack declares over the entries of a ledger, computed and made safe to publish."""
