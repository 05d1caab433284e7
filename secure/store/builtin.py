"""The policies and seccomp profiles that come with the program."""

from __future__ import annotations

from secure import system as os
from secure.errors import NotFoundError

# In a wheel the folder lies inside the package (see force-include in pyproject.toml), in a checkout
# beside it.
_PACKAGE = __file__.rsplit("/", 2)[0]
_PLACES = (os.path.join(_PACKAGE, "policies"), os.path.join(_PACKAGE, "..", "policies"))


def read_builtin(relative: str) -> bytes:
    """The bytes of a file below `policies/`.

    Args:
        relative: e.g. "checklist.yaml", "seccomp/default.json".

    Raises:
        NotFoundError: there is no such file.
    """
    # A name comes from a policy file: it must not lead out of the folder.
    if ".." in relative.split("/") or relative.startswith("/"):
        raise NotFoundError(f'no built-in file is called "{relative}"')
    for place in _PLACES:
        try:
            with open(os.path.join(place, relative), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
    raise NotFoundError(
        f'no built-in file is called "{relative}"', do="Names are listed by: secure policy list"
    )
