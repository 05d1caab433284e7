"""A plan, already in the form of an OCI runtime config, as JSON."""

from __future__ import annotations

import json


def plan_json(config: dict[str, object]) -> str:
    """Indented JSON that ends with a newline; keys in the order of the specification."""
    return json.dumps(config, indent=2) + "\n"
