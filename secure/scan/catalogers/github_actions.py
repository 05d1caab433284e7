"""GitHub Actions: what workflows and composite actions use.

Source: GitHub Docs, "Workflow syntax for GitHub Actions" (jobs.ID.uses, jobs.ID.steps[*].uses),
"Metadata syntax" (runs.steps[*].uses, runs.image).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.package import Package
from secure.scan.cataloger import NODE_PACKAGES, PYTHON_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import mapping, mappings, shown, word
from secure.scan.formats.yaml_tree import MAX_BYTES, yaml_tree

_ACTION = re.compile(r"([\w.-]{1,100})/([\w.-]{1,100})(?:/[^@\s]{0,300})?@([^@\s]{1,250})")
_IMAGE = re.compile(
    r"(?:([\w.-]+(?:\.[\w.-]+|:\d+)|localhost)/)?([\w./-]{1,250})"
    r"(?::([\w.-]{1,128}))?(?:@(sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_DOCKER = "docker://"
_LONGEST = 1_000  # characters; OCI names have 255 at most


def parse_workflow(file: FileView, tree: object) -> Found:
    seen: set[str] = set()
    for used in _used(mapping(tree)):
        # "./path" is of the same repository.
        if used in seen or used.startswith("."):
            continue
        seen.add(used)
        package = _image(file, used) if used.startswith(_DOCKER) else _action(file, used)
        if package is None:
            asked = shown(ValueError(used))
            yield file.unreadable(f'"{asked}" names no exact version of an action')
        else:
            yield checked(file, package)


def _used(tree: dict[str, object]) -> Iterator[str]:
    for job in mapping(tree.get("jobs")).values():
        yield from _uses(mapping(job))
    runs = mapping(tree.get("runs"))
    yield from _uses(runs)
    image = word(runs.get("image"))
    if image.startswith(_DOCKER):
        yield image


def _uses(holder: dict[str, object]) -> Iterator[str]:
    """Of a job that calls a workflow, and of the steps of a job or an action."""
    for item in (holder, *mappings(holder.get("steps"))):
        if used := word(item.get("uses")):
            yield used


def _action(file: FileView, used: str) -> Package | None:
    found = _ACTION.fullmatch(used)
    if found is None:
        return None
    return Package(
        type="github",
        namespace=found[1],
        name=found[2],
        version=found[3],
        location=file.location,
        found_by=GITHUB_ACTIONS.name,
        declared=True,
    )


def _image(file: FileView, used: str) -> Package | None:
    found = _IMAGE.fullmatch(used.removeprefix(_DOCKER)) if len(used) <= _LONGEST else None
    if found is None:
        return None
    namespace, _, name = found[2].rpartition("/")
    return Package(
        type="docker",
        namespace=namespace,
        name=name,
        version=found[4] or found[3] or "latest",  # what a reference without a tag means
        location=file.location,
        found_by=GITHUB_ACTIONS.name,
        declared=True,
        qualifiers=(("repository_url", found[1]),) if found[1] else (),
    )


GITHUB_ACTIONS = Cataloger(
    name="github-actions",
    version=1,
    wants=(
        "*/.github/workflows/*.yml", "*/.github/workflows/*.yaml", "*/action.yml", "*/action.yaml",
    ),
    max_bytes=MAX_BYTES,
    parse=from_tree(yaml_tree, parse_workflow),
    database=False,
    outside=(
        *NODE_PACKAGES, *PYTHON_PACKAGES, b"gems", b"pkg/mod", b"registry/src", b"vendor",
    ),
)  # fmt: skip
