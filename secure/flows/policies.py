"""Which policy counts: the floor nobody can go below, met with the one that was asked for.

    floor   /etc/secure/policy.yaml if root wrote one, else the built-in `checklist`
    asked   --policy NAME or FILE; without it, the floor itself

A composed policy is cached as plain data, keyed by the content of every file it came from.
"""

from __future__ import annotations

import marshal
import os

from secure import __version__
from secure.errors import NotFoundError, PolicyFileError
from secure.policy.settings import Policy, from_plain, to_plain
from secure.sha256 import sha256_hex
from secure.store.atomic import make_private_dir, write_file
from secure.store.builtin import read_builtin
from secure.store.paths import SYSTEM_POLICY, cache_dir

DEFAULT = "checklist"
_MAX_BYTES = 1 << 20


def effective_policy(asked: str, system: str = SYSTEM_POLICY) -> Policy:
    """The policy for one command.

    Args:
        asked: name of a built-in policy, a path, or "".
        system: where the administrator's policy would be.

    Raises:
        PolicyFileError: a file is wrong, or the system policy is not root's alone.
        NotFoundError: no such policy.
    """
    floor = load(_trusted(system) if os.path.lexists(system) else DEFAULT)
    if not asked:
        return floor
    return _met(floor, load(asked))


def load(name: str) -> Policy:
    """One policy by name or path, with everything it extends, through the cache."""
    top = read_policy(name)
    place = f"{cache_dir()}/policies/{_key(name, top)}"
    if (cached := _read_cached(place)) is not None:
        return cached
    from secure.policy.load import compose

    seen: dict[str, str] = {}

    def read(wanted: str) -> bytes:
        content = read_policy(wanted)
        seen[wanted] = sha256_hex(content)
        return content

    policy = compose(name, read)
    _keep(place, seen, policy)
    return policy


def _met(floor: Policy, asked: Policy) -> Policy:
    """The two as one, through the cache: the lattice knows every rule, and so imports them all."""
    # Form 2 of marshal: later ones write the same content in different ways.
    both = marshal.dumps([__version__, to_plain(floor), to_plain(asked)], 2)
    place = f"{cache_dir()}/policies/{sha256_hex(both)}"
    if (cached := _read_cached(place)) is not None:
        return cached
    from secure.policy.lattice import meet

    policy = meet(floor, asked)
    _keep(place, {}, policy)
    return policy


def read_policy(name: str) -> bytes:
    """The bytes of a policy file: a path if it looks like one, else a built-in name.

    Raises:
        NotFoundError: there is no such file or built-in policy.
    """
    if "/" not in name and not name.endswith((".yaml", ".yml")):
        return read_builtin(f"{name}.yaml")
    try:
        with open(name, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as cause:
        raise NotFoundError(
            f'policy file "{name}" cannot be read: {cause.strerror}',
            do="Give a path, or one of the names of: secure policy list",
        ) from cause


def _trusted(path: str) -> str:
    status = os.lstat(path)
    if status.st_uid != 0 or status.st_mode & 0o022 or status.st_mode & 0o170000 != 0o100000:
        raise PolicyFileError(
            f"{path}:1:1: the system policy must be a plain file that only root can write",
            do=f"As root: chown root {path}; chmod 644 {path}",
        )
    return path


def _read_cached(place: str) -> Policy | None:
    try:
        fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return None
        files, plain = marshal.loads(os.read(fd, status.st_size))  # noqa: S302 - our own cache
        if any(sha256_hex(read_policy(name)) != digest for name, digest in files):
            return None
        return from_plain(plain)
    except (ValueError, EOFError, TypeError, NotFoundError):
        return None
    finally:
        os.close(fd)


def _keep(place: str, files: dict[str, str], policy: Policy) -> None:
    make_private_dir(os.path.dirname(place))
    write_file(place, marshal.dumps([list(files.items()), to_plain(policy)]))


def _key(name: str, content: bytes) -> str:
    return sha256_hex(b"\0".join((__version__.encode(), name.encode(), content)))


def built_in() -> tuple[str, ...]:
    """Names of the policies that come with the program."""
    from secure.policy.load import BUILT_IN

    return tuple(BUILT_IN)


def shown(name: str) -> str:
    """A policy, key by key, with where each was set."""
    from secure.policy.show import policy_lines

    return policy_lines(load(name))


def explained(rule: str, name: str) -> str:
    """A rule, under the policy that counts."""
    from secure.policy.explain import explain_rule

    return explain_rule(effective_policy(name), rule) + "\n"
