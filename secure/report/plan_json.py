"""A plan, already in the form of an OCI runtime config, as JSON."""

from __future__ import annotations

from secure.oci.json_text import indented


def plan_json(config: dict[str, object]) -> str:
    """Indented JSON that ends with a newline; keys in the order of the specification."""
    return indented(config) + "\n"
