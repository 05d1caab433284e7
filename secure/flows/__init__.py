"""One file per flow: the only place that knows two siblings."""
