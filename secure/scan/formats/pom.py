"""A Maven project file (pom.xml) as far as it speaks for itself: no parent is fetched or guessed.

Source: https://maven.apache.org/pom.html (inheritance, interpolation); maven-model-builder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.oci.limits import MIB
from secure.xml_tree import Element, xml_tree

_EXPRESSION = re.compile(r"\$\{([^${}]{1,200})\}")
MAX_BYTES = 4 * MIB  # the largest poms have 300 KiB
_MOST_ROUNDS = 8  # a property may name a property; real chains are 3 long
_LONGEST = 1_024


class Dependency(msgspec.Struct, frozen=True):
    """One dependency, interpolated; what could not be resolved still has its `${…}`, or is ""."""

    group: str
    artifact: str
    version: str
    scope: str


class Pom(msgspec.Struct, frozen=True):
    """What a project file says about its own project and what it asks for."""

    group: str
    artifact: str
    version: str
    licences: tuple[str, ...]
    homepage: str
    dependencies: tuple[Dependency, ...]


def parse_pom(content: bytes) -> Pom:
    """Raises DocumentError or LimitExceededError, see `xml_tree`; not for what is missing."""
    project = xml_tree(content, MAX_BYTES)
    properties = _properties(project)
    managed = {
        (found.group, found.artifact): found.version
        for found in _dependencies(project.child("dependencyManagement"), properties)
    }
    asked = (
        found
        if found.version
        else msgspec.structs.replace(found, version=managed.get((found.group, found.artifact), ""))
        for found in _dependencies(project, properties)
    )
    licences = project.child("licenses").all("license")
    return Pom(
        group=properties["project.groupId"],
        artifact=properties["project.artifactId"],
        version=properties["project.version"],
        licences=tuple(filter(None, (_value(one, "name", properties) for one in licences))),
        homepage=_value(project, "url", properties),
        dependencies=tuple(asked),
    )


def resolved(value: str) -> bool:
    """Whether `value` is there and needs nothing that only a parent or a range could tell."""
    return bool(value) and "${" not in value and value[0] not in "[(" and "," not in value


def _properties(project: Element) -> dict[str, str]:
    found = {
        f"project.parent.{name}": project.child("parent", name).text.strip()
        for name in ("groupId", "artifactId", "version")
    }
    for name in ("groupId", "artifactId", "version"):
        inherited = "" if name == "artifactId" else found[f"project.parent.{name}"]
        found[f"project.{name}"] = project.child(name).text.strip() or inherited
    for prefix in ("pom", ""):  # the forms of Maven 1 and 2
        for name in ("groupId", "artifactId", "version"):
            found[f"{prefix}.{name}".lstrip(".")] = found[f"project.{name}"]
    found |= {one.name: one.text.strip() for one in project.child("properties").children}
    for name in ("groupId", "artifactId", "version"):
        found[f"project.{name}"] = _interpolated(found[f"project.{name}"], found)
    return found


def _dependencies(holder: Element, properties: dict[str, str]) -> Iterator[Dependency]:
    for one in holder.child("dependencies").all("dependency"):
        yield Dependency(
            group=_value(one, "groupId", properties),
            artifact=_value(one, "artifactId", properties),
            version=_value(one, "version", properties),
            scope=_value(one, "scope", properties),
        )


def _value(element: Element, name: str, properties: dict[str, str]) -> str:
    return _interpolated(element.child(name).text.strip(), properties)


def _interpolated(value: str, properties: dict[str, str]) -> str:
    for _ in range(_MOST_ROUNDS):
        if "${" not in value or len(value) > _LONGEST:
            break
        value = _EXPRESSION.sub(lambda match: properties.get(match[1], match[0]), value)
    return value[: 8 * _LONGEST]
