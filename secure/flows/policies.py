"""Which policy counts: the floor nobody can go below, met with the one that was asked for.

    floor   /etc/secure/policy.yaml if root wrote one, else the built-in `checklist`
    asked   --policy NAME or FILE; without it, the floor itself

A composed policy is cached as plain data, keyed by the content of every file it came from.
"""

from __future__ import annotations

import marshal

from secure import __version__
from secure import system as os
from secure.errors import NotFoundError, PolicyFileError
from secure.flows import launch_cache
from secure.kernel.namespaces import in_first_user_namespace
from secure.policy.settings import Policy, digest_of, from_plain, is_current, to_plain
from secure.sha256 import sha256_hex
from secure.store.builtin import read_builtin
from secure.store.paths import SYSTEM_POLICY
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEFAULT = "checklist"
_MAX_BYTES = 1 << 20
_OVERFLOW = 65_534  # /proc/sys/kernel/overflowuid
_VERSION = __version__.encode()


@value
class Effective:
    """The policy that counts, known by its digest; the rest is built only where it is asked for."""

    digest: str
    plain: dict[str, Any]

    def policy(self) -> Policy:
        """The policy itself."""
        return from_plain(self.plain)


def effective(asked: str, system: str = SYSTEM_POLICY, floor: str = DEFAULT) -> Effective:
    """The policy for one command.

    Args:
        asked: name of a built-in policy, a path, or "".
        system: where the administrator's policy would be.
        floor: the built-in policy where there is none.

    Raises:
        PolicyFileError: a file is wrong, or the system policy is not root's alone.
        NotFoundError: no such policy.
    """
    plain = _loaded(system, _of_root) if _is_there(system) else _loaded(floor)
    if asked:
        plain = _met(plain, _loaded(asked))
    return Effective(digest_of(plain), plain)


def effective_policy(asked: str, system: str = SYSTEM_POLICY) -> Policy:
    """`effective`, in full."""
    return effective(asked, system).policy()


def load(name: str) -> Policy:
    """One policy by name or path, with everything it extends, through the cache."""
    return from_plain(_loaded(name))


def read_policy(name: str) -> bytes:
    """The bytes of a policy file: a path if it looks like one, else a built-in name.

    Raises:
        NotFoundError: there is no such file or built-in policy.
    """
    if _is_built_in(name):
        return _built_in(name)
    try:
        with open(name, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as cause:
        raise NotFoundError(
            f'policy file "{name}" cannot be read: {cause.strerror}',
            do="Give a path, or one of the names of: secure policy list",
        ) from cause


def _loaded(name: str, read_file: Callable[[str], bytes] = read_policy) -> dict[str, Any]:
    top = read_file(name)
    place = launch_cache.place("policies", b"\0".join((_VERSION, name.encode(), top)))
    if (cached := _read_cached(place, name, read_file)) is not None:
        return cached
    from secure.policy.load import compose

    seen: dict[str, str] = {}

    def read(wanted: str) -> bytes:
        # What was read for the cache is what is composed: a file may change in between, and a
        # pipe gives its content once.
        content = top if wanted == name else read_file(wanted)
        seen[wanted] = sha256_hex(content)
        return content

    return _keep(place, seen, compose(name, read))


def _met(floor: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The two as one, through the cache: the lattice knows every rule, and so imports them all."""
    # Form 2 of marshal: later ones write the same content in different ways.
    place = launch_cache.place("policies", marshal.dumps([__version__, floor, asked], 2))
    if (cached := _read_cached(place)) is not None:
        return cached
    from secure.policy.lattice import meet

    return _keep(place, {}, meet(from_plain(floor), from_plain(asked)))


def _is_built_in(name: str) -> bool:
    return "/" not in name and not name.endswith((".yaml", ".yml"))


def _built_in(name: str) -> bytes:
    try:
        return read_builtin(f"{name}.yaml")
    except NotFoundError as cause:
        raise NotFoundError(
            f'no policy that comes with the program is called "{name}"',
            do="See: secure policy list. A file is named with its folder, such as"
            f" ./{name}, or ends in .yaml.",
        ) from cause


def _is_there(system: str) -> bool:
    """Whether root wrote a policy. A folder that lets nobody look does not answer no."""
    try:
        os.lstat(system)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as cause:
        folder = os.path.dirname(system)
        raise PolicyFileError(
            f"{system}:1:1: cannot see whether there is a system policy: {cause.strerror}",
            do=f'As root: chmod 755 "{folder}"',
        ) from cause
    return True


def _of_root(name: str) -> bytes:
    """`read_policy` for the system policy and for every file that it extends.

    Raises:
        PolicyFileError: somebody else could have written it, or put another in its place.
    """
    if not _is_built_in(name) and os.path.lexists(name):
        folder = os.path.dirname(name)
        for path, kind in ((name, 0o100000), (folder, 0o040000)):
            if not _only_root_writes(os.lstat(path), kind):
                raise PolicyFileError(
                    f"{name}:1:1: the system policy and what it extends must be plain files that"
                    f' only root can write, in folders of root, and "{path}" is not',
                    do=f'As root: chown root "{path}"; chmod go-w "{path}"',
                )
    return read_policy(name)


def _only_root_writes(found: os.stat_result, kind: int) -> bool:
    # In a user namespace (an ordinary user's engine) root of the machine shows as the overflow id.
    root = 0 if in_first_user_namespace() else _OVERFLOW
    return found.st_uid == root and not found.st_mode & 0o022 and found.st_mode & 0o170000 == kind


def _read_cached(
    place: str, seen: str = "", read_file: Callable[[str], bytes] = read_policy
) -> dict[str, Any] | None:
    """A composed policy as plain data, if the files that it came from are still as they were.

    Args:
        seen: a file whose content is in the name of `place` already.
    """
    kept = launch_cache.read_plain(place)
    try:
        files, plain = kept or ((), {})
        changed = (sha256_hex(read_file(n)) != digest for n, digest in files if n != seen)
        if any(changed):
            return None
        return plain if is_current(plain) else None
    except (ValueError, TypeError, NotFoundError):
        return None


def _keep(place: str, files: dict[str, str], policy: Policy) -> dict[str, Any]:
    plain = to_plain(policy)
    launch_cache.write_plain(place, [list(files.items()), plain])
    return plain


def built_in() -> tuple[str, ...]:
    """Names of the policies that come with the program."""
    from secure.policy.load import BUILT_IN

    return tuple(BUILT_IN)


def shown(name: str) -> str:
    """A policy, key by key, with where each was set."""
    from secure.policy.show import policy_lines

    return policy_lines(load(name))


def explained(what: str, name: str) -> str:
    """A rule, or a system call of a seccomp profile, under the policy that counts."""
    from secure.policy.explain import explain_rule

    policy = effective_policy(name)
    if what.islower():
        from secure.flows.explain_call import explain_call

        if lines := explain_call(what, policy):
            return "\n".join(lines) + "\n"
    return explain_rule(policy, what) + "\n"
