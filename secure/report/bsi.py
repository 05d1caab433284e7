"""What BSI TR-03183-2 v2.1 wants to know of a component's file, in its CycloneDX property taxonomy.

Only a package that is one file has these: what a database lists lies in many files, and the name of
the archive it was installed from is not in the image.
"""

from __future__ import annotations

from secure.facts.package import Package

FILENAME = "bsi:component:filename"
EXECUTABLE = "bsi:component:executable"
ARCHIVE = "bsi:component:archive"
STRUCTURED = "bsi:component:structured"

_DATA = (".whl", ".gem", ".nupkg")  # a jar may be started, a wheel is unpacked first
_ARCHIVES = (".jar", ".war", ".ear", ".whl", ".egg", ".gem", ".nupkg", ".phar")

# An image is an archive that unpacks into its parts and is not started itself.
OF_AN_IMAGE = (
    (ARCHIVE, "archive"),
    (EXECUTABLE, "non-executable"),
    (STRUCTURED, "structured"),
)


def file_properties(package: Package) -> tuple[tuple[str, str], ...]:
    """(name, value), by name; () for a package that is not one file."""
    filename = package.location.path.rpartition("/")[2]
    if filename.endswith(_ARCHIVES):
        executable = ((EXECUTABLE, "non-executable"),) if filename.endswith(_DATA) else ()
        return ((ARCHIVE, "archive"), *executable, (FILENAME, filename), (STRUCTURED, "structured"))
    # A version found in the strings of a program: the program is the package.
    if package.found_by == "binary-classifier":
        return (
            (ARCHIVE, "no archive"),
            (EXECUTABLE, "executable"),
            (FILENAME, filename),
            (STRUCTURED, "structured"),
        )
    return ()
