"""Results to immutable releases: tables in the formats of the field, a manifest of hashes, verification."""
