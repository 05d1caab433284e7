"""The specifications as types: references, digests, manifests, configs, limits. Pure."""
