"""The files that come with the program: policies, seccomp profiles, the vulnerability data."""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError, NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# In a wheel the folders lie inside the package (see force-include in pyproject.toml), in a checkout
# beside it.
_PACKAGE = __file__.rsplit("/", 2)[0]
_PLACES = (_PACKAGE, os.path.join(_PACKAGE, ".."))


def read_builtin(relative: str) -> bytes:
    """The bytes of a file below `policies/`.

    Args:
        relative: e.g. "checklist.yaml", "seccomp/default.json".

    Raises:
        NotFoundError: there is no such file.
    """
    try:
        return _read("policies", relative)
    except NotFoundError as cause:
        cause.do = "Names are listed by: secure policy list"
        raise


def read_vulndb(relative: str) -> bytes:
    """The bytes of a file below `vulndb/`, e.g. "schema.sql".

    Raises:
        MachineError: the installation lacks it.
    """
    try:
        return _read("vulndb", relative)
    except NotFoundError as cause:
        raise MachineError(
            f'this program is not whole: "vulndb/{relative}" is missing', do="Install it again."
        ) from cause


def list_vulndb(folder: str, suffix: str) -> list[str]:
    """Names of the files in a folder below `vulndb/`, sorted; none where it is not there."""
    found = _there(os.path.join("vulndb", folder), os.path.isdir)
    return sorted(name for name in os.listdir(found) if name.endswith(suffix)) if found else []


def stamp_vulndb(folder: str, suffix: str) -> str:
    """Names, sizes and times of those files: other text where one may have changed."""
    told = []
    for name in list_vulndb(folder, suffix):
        path = _there(os.path.join("vulndb", folder, name), os.path.isfile)
        if path:
            found = os.stat(path)
            told.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return "\n".join(told)


def _read(folder: str, relative: str) -> bytes:
    # A name comes from a policy file: it must not lead out of the folder.
    inside = ".." not in relative.split("/") and not relative.startswith("/")
    path = _there(os.path.join(folder, relative), os.path.isfile) if inside else ""
    if not path:
        raise NotFoundError(f'no built-in file is called "{relative}"')
    with open(path, "rb") as file:
        return file.read()


def _there(relative: str, is_such: Callable[[str], bool]) -> str:
    """The path in the first of the places that has one such; "" where none has."""
    for place in _PLACES:
        path = os.path.join(place, relative)
        if is_such(path):
            return path
    return ""
