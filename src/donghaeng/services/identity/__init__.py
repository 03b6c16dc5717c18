"""The identity check at a desk: visits decided by a pack's tables, recorded, and decided again when needed."""
