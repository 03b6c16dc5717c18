"""Decision tables: one case with reasons, millions of rows, proofs of completeness."""
