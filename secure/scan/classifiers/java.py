"""Java launchers: one program name, many makers; who made it is told by path and content."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier

# The launcher holds "openjdk", "java", a release like "0.0" and the full version, in an order that
# depends on the processor, each ended by NULs.
_LONE = rb"\0(?P<version>\d+(?:\.\d+)*\+\d[-\w.~+]{0,60})\0"
_UPDATE = rb"\0(?P<version>1\.\d\.0_\d+-[-\w.]{1,60})\0"
_TOOLS = ("java", "jdb", "javac")

JAVA = (
    Classifier(
        "graalvm",
        _TOOLS,
        (rb"\0(?P<version>\d+(?:\.\d+)*\+\d+-jvmci-\d+[.\d]*-b\d+)\0",),
        "oracle:graalvm",
        namespace="oracle",
        family="java",
    ),
    Classifier(
        "zulu",
        _TOOLS,
        (rb"\0java\0\d[.\d]*\0(?P<version>\d[^\0]{1,80})\0", _LONE, _UPDATE),
        "azul:zulu",
        path=b"zulu",
        namespace="azul",
        family="java",
    ),
    Classifier(
        "openjdk",
        _TOOLS,
        (
            rb"openjdk\0(?:java|jdb|javac)\0+\d[.\d]*\0+(?P<version>\d[^\0]{1,80})\0",
            rb"\0\d[.\d]*\0+(?P<version>\d[^\0]{1,80})\0+openjdk\0(?:java|jdb|javac)\0",
        ),
        "oracle:openjdk",
        namespace="oracle",
        family="java",
    ),
    Classifier(
        "java",
        _TOOLS,
        (
            rb"\0java\0+\d+\.[.\d]+\0+(?P<version>\d[-._\w]{1,80})\0",
            rb"\0java\0.{1,200}?\0(?P<version>\d+\.\d+\.\d+[-._\w]{0,60})\0",
        ),
        "ibm:java",
        path=b"ibm",
        namespace="ibm",
        family="java",
    ),
    Classifier("jre", _TOOLS, (_LONE, _UPDATE), "oracle:jre", namespace="oracle", family="java"),
)
