"""Java runtimes by their own word: the file `release` in the folder of a JDK or JRE.

The launcher beside it is told by its strings, and the merge joins the two where they agree. It is
worth most where there is no launcher: a runtime that jlink made for one program.

Source: OpenJDK, make/ReleaseFile.gmk: KEY="VALUE" lines; JEP 223 (versions).
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.classified import cpe
from secure.scan.formats.checked import Found, checked

_LINE = re.compile(r'(?m)^([A-Z_]+)="([^"\n]{0,1000})"\r?$')
# Who made it: (a word of IMPLEMENTOR, name, namespace, vendor and product), else OpenJDK's.
_MAKERS = (
    ("Azul", "zulu", "azul", "azul:zulu"),
    ("IBM", "java", "ibm", "ibm:java"),
)
_OPENJDK = ("openjdk", "oracle", "oracle:openjdk")


def parse_release(file: FileView) -> Found:
    """A package, or nothing: other programs have a file of this name too."""
    told = dict(_LINE.findall(text(file.content)))
    if "JAVA_VERSION" not in told:
        return
    version = told.get("JAVA_RUNTIME_VERSION") or told["JAVA_VERSION"]
    name, namespace, product = _made_by(told)
    package = Package(
        type="generic",
        namespace=namespace,
        name=name,
        version=version,
        location=file.location,
        found_by=JAVA_RELEASE.name,
        maintainer=told.get("IMPLEMENTOR", ""),
        cpe=cpe(product, version),
    )
    yield checked(file, package)


def _made_by(told: dict[str, str]) -> tuple[str, str, str]:
    if told.get("BUILD_TYPE") == "commercial":
        return "jre", "oracle", "oracle:jre"
    if "GRAALVM_VERSION" in told:
        return "graalvm", "oracle", "oracle:graalvm"
    for word, name, namespace, product in _MAKERS:
        if word in told.get("IMPLEMENTOR", ""):
            return name, namespace, product
    return _OPENJDK


JAVA_RELEASE = Cataloger(
    name="java-release",
    version=1,
    wants=("*/release",),
    max_bytes=1 * MIB,
    parse=parse_release,
    database=False,
)
