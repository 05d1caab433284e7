"""All classifiers, by subject. A new one is added to its subject, with a sample in the tests."""

from __future__ import annotations

from secure.scan.classifiers.cloud import CLOUD
from secure.scan.classifiers.databases import DATABASES
from secure.scan.classifiers.java import JAVA
from secure.scan.classifiers.languages import LANGUAGES
from secure.scan.classifiers.scripts import SCRIPTS
from secure.scan.classifiers.servers import SERVERS
from secure.scan.classifiers.tools import TOOLS

PROGRAMS = (*LANGUAGES, *JAVA, *SERVERS, *DATABASES, *CLOUD, *TOOLS)
__all__ = ["PROGRAMS", "SCRIPTS"]
