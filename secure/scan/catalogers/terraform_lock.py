"""Terraform and OpenTofu providers: .terraform.lock.hcl.

Source: Terraform documentation, "Dependency Lock File": provider "host/namespace/type" { version =
"…" … }. The file is written by the tool itself, so the general language (HCL) is not needed.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked

_PROVIDER = re.compile(r'provider\s+"([^"\n]{1,300})"\s*\{')
_VERSION = re.compile(r'\s*version\s*=\s*"([^"\n]{1,200})"')


def parse_lock(file: FileView) -> Found:
    current, version = "", ""
    for number, line in enumerate((*text(file.content).split("\n"), "}"), start=1):
        provider = _PROVIDER.match(line.strip())
        if provider:
            current, version = provider[1], ""
        elif current and (found := _VERSION.match(line)):
            version = found[1]
        elif current and line.strip() == "}":
            yield checked(file, _package(file, current, version))
            current = ""
        elif not current and line.strip() not in {"", "}"} and line.strip()[0] not in "#/":
            yield file.unreadable(f"line {number} is outside of every provider")
            return


def _package(file: FileView, address: str, version: str) -> Package:
    namespace, _, name = address.rpartition("/")
    return Package(
        type="terraform",
        namespace=namespace,
        name=name,
        version=version,
        location=file.location,
        found_by=TERRAFORM_LOCK.name,
        declared=True,
    )


TERRAFORM_LOCK = Cataloger(
    name="terraform-lock",
    version=1,
    wants=("*/.terraform.lock.hcl",),
    max_bytes=4 * MIB,
    parse=parse_lock,
    database=False,
)
