"""Our own compact JSON: one line per package, nothing empty, nothing twice; `jq` and git like it.

The packages are those of the facts, field by field; the graph is in `depends`, by name.
"""

from __future__ import annotations

import msgspec

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.report.bill import TOOL, Author, Bill, bill_of
from secure.report.json_bytes import visible

Json = dict[str, object]

FORM = "secure-sbom-1"


def render(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes."""
    bill = bill_of(facts, timestamp, author)
    head = msgspec.json.encode(_head(bill))
    lines = [msgspec.json.encode(_package(package)) for package in facts.packages]
    return visible(head[:-1] + b',"packages":[\n' + b",\n".join(lines) + b"\n]}\n")


def _head(bill: Bill) -> Json:
    facts = bill.facts
    return {
        "format": FORM,
        "serial": f"urn:uuid:{bill.serial}",
        "created": bill.timestamp,
        "tool": {"name": TOOL, "version": facts.tool_version},
        "author": None if bill.author is None else msgspec.to_builtins(bill.author),
        "complete": facts.complete,
        "unreadable": msgspec.to_builtins(facts.unreadable),
        "image": {
            "reference": bill.name,
            "digest": facts.digest,
            "config_digest": facts.config_digest,
            "os": facts.config.os,
            "architecture": facts.config.architecture,
            "repo_tags": facts.repo_tags,
            "labels": dict(sorted(facts.config.labels.items())),
            "layers": [layer.diff_id for layer in facts.layers],
        },
        "os_release": None if facts.os_release is None else msgspec.to_builtins(facts.os_release),
    }


def _package(package: Package) -> Json:
    # from_base: None is "not known", False is an answer.
    return {
        name: value
        for name in Package.__struct_fields__
        if (value := getattr(package, name)) or (value is False and name == "from_base")
    }
