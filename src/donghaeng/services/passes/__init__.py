"""Passes of public transport: cards, charges, gates, rides, money. The policy of a city is its pack."""
