"""Where images come from: sources, verified layer streams, unpacking, the content store."""
