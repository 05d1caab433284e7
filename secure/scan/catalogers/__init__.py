"""All catalogers, one file each. A new one is added here and nowhere else."""

from __future__ import annotations

from secure.scan.catalogers.apk import APK
from secure.scan.catalogers.dpkg import DPKG
from secure.scan.catalogers.python_dist import PYTHON_DIST

CATALOGERS = (APK, DPKG, PYTHON_DIST)
