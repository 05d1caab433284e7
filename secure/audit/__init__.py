"""The hash-chained, append-only log of what was decided and what was enforced."""
