"""The files that come with the program: policies, seccomp profiles, the vulnerability data."""

from __future__ import annotations

from secure import system as os
from secure.errors import NotFoundError

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
        NotFoundError: there is no such file.
    """
    return _read("vulndb", relative)


def list_vulndb(folder: str, suffix: str) -> list[str]:
    """Names of the files in a folder below `vulndb/`, sorted; none where it is not there."""
    for place in _PLACES:
        try:
            names = os.listdir(os.path.join(place, "vulndb", folder))
        except (FileNotFoundError, NotADirectoryError):
            continue
        return sorted(name for name in names if name.endswith(suffix))
    return []


def stamp_vulndb(folder: str, suffix: str) -> str:
    """Names, sizes and times of those files: other text where one may have changed."""
    told = []
    for name in list_vulndb(folder, suffix):
        for place in _PLACES:
            try:
                found = os.stat(os.path.join(place, "vulndb", folder, name))
            except (FileNotFoundError, NotADirectoryError):
                continue
            told.append(f"{name} {found.st_size} {found.st_mtime_ns}")
            break
    return "\n".join(told)


def _read(folder: str, relative: str) -> bytes:
    # A name comes from a policy file: it must not lead out of the folder.
    if ".." in relative.split("/") or relative.startswith("/"):
        raise NotFoundError(f'no built-in file is called "{relative}"')
    for place in _PLACES:
        try:
            with open(os.path.join(place, folder, relative), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
    raise NotFoundError(f'no built-in file is called "{relative}"')
