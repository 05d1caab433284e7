"""What the registered package URL types ask of their parts (ECMA-427, "purl types").

Only what departs from the general rule is listed: any namespace, and letters kept as they are.
"""

from __future__ import annotations

import re

NAMESPACE_REQUIRED = frozenset({
    "alpm", "apk", "bitbucket", "composer", "deb", "git", "github", "golang", "huggingface",
    "maven", "qpkg", "rpm", "swift", "vscode-extension",
})  # fmt: skip
NAMESPACE_PROHIBITED = frozenset({
    "bazel", "bitnami", "cargo", "chrome-extension", "cocoapods", "conda", "cran", "gem",
    "hackage", "julia", "mlflow", "nuget", "oci", "opam", "otp", "pub", "pypi", "vcpkg",
})  # fmt: skip
# Not case-sensitive, so written in lower case.
LOWER_NAMESPACE = frozenset({
    "alpm", "apk", "bitbucket", "brew", "composer", "deb", "github", "hex", "luarocks", "qpkg",
    "rpm", "vscode-extension", "yocto",
})  # fmt: skip
LOWER_NAME = frozenset({
    "alpm", "apk", "bitbucket", "bitnami", "brew", "chrome-extension", "composer", "deb", "github",
    "hex", "luarocks", "oci", "otp", "pub", "pypi", "vscode-extension",
})  # fmt: skip
LOWER_VERSION = frozenset({"huggingface", "oci", "pypi", "vscode-extension"})
QUALIFIER_REQUIRED = {"julia": "uuid", "swid": "tag_id"}

_NAME_FORM = {
    "chrome-extension": re.compile(r"[a-p]{32}"),
    "cpan": re.compile(r"(?:(?!::).)+", re.DOTALL),  # a distribution, not a module
}
_VERSION_FORM = {"chrome-extension": re.compile(r"\d+(?:\.\d+){0,3}", re.ASCII)}
_NOT_IN_PUB = re.compile(r"[^a-z0-9_]")


def usual_name(kind: str, name: str, qualifiers: dict[str, str]) -> str:
    """`name` as its type spells it."""
    if kind in LOWER_NAME:
        name = name.lower()
    if kind == "pypi":
        return name.replace("_", "-")
    if kind == "pub":
        return _NOT_IN_PUB.sub("_", name)
    if kind == "mlflow" and "azuredatabricks" in qualifiers.get("repository_url", ""):
        return name.lower()  # names are case-sensitive in Azure ML, not in Databricks
    return name


def form_fault(kind: str, name: str, version: str) -> str:
    """What is wrong with the characters of `name` or `version`; "" where nothing is."""
    if (form := _NAME_FORM.get(kind)) and not form.fullmatch(name):
        return f'"{name}" is no name of type {kind}'
    if version and (form := _VERSION_FORM.get(kind)) and not form.fullmatch(version):
        return f'"{version}" is no version of type {kind}'
    return ""
