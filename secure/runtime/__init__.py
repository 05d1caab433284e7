"""Request -> plan -> kernel -> evidence. Imports on the launch path are counted in milliseconds."""
