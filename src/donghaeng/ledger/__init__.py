"""The ledger: what happened, recorded once, never changed, open to proof.

Entries stand in streams, each chained by hashes to the one before it. A store (SQLite or PostgreSQL) appends them in
one transaction with the state they change; seals let an outsider check that nothing was altered; what could name a
person lies outside and can be destroyed. Clock, chance, keys and files are passed in.
"""
