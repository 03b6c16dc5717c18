"""Who may use the API: keys with scopes, kept in the ledger's database, and who read whose map."""
