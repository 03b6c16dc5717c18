"""What a city runs day to day, on rules and the ledger."""
