"""The built-in policies and small ones for tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from secure.policy.load import compose
from secure.policy.settings import Policy
from secure.store.builtin import read_builtin

HEAD = "apiVersion: secure/v1\nkind: Policy\nname: project\nextends: checklist\n"


@cache
def built_in(name: str) -> Policy:
    """A built-in policy, composed."""
    return compose(name, read_any({}))


def read_any(files: dict[str, str]) -> Callable[[str], bytes]:
    """A `read` for `compose`: these files, and the built-in ones."""

    def read(name: str) -> bytes:
        return files[name].encode() if name in files else read_builtin(f"{name}.yaml")

    return read


def project(body: str, head: str = HEAD) -> Policy:
    """A policy that extends the checklist."""
    return compose("project.yaml", read_any({"project.yaml": head + body}))
