"""How ids inside the container map to ids outside.

caller                        inside                          outside
ordinary user (default)       one uid, one gid                the caller's own; uid 0 is absent
ordinary user, "range"        0 … 65535                       the caller's subordinate ids
root                          0 … 65535                       a subordinate range: never uid 0
"""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError
from secure.kernel.namespaces import write_maps
from secure.runtime.plan import RANGE, SINGLE, IdMaps

# Where root has no line in /etc/subuid: above every range that useradd hands out by default
# (login.defs SUB_UID_MAX 600100000), below 2^31.
_ROOT_BASE = 1_879_048_192
_NEWUIDMAP, _NEWGIDMAP = "newuidmap", "newgidmap"


def kind_for(asked: str) -> str:
    """`SINGLE` or `RANGE`, for the caller and what was asked."""
    return RANGE if os.geteuid() == 0 or asked == RANGE else SINGLE


def choose(asked: str, uid: int, gid: int) -> IdMaps:
    """The id maps for a launch as `uid`:`gid`.

    Args:
        asked: "", "single" or "range".

    Raises:
        MachineError: a range is wanted and the caller has none.
    """
    caller = os.geteuid()
    if kind_for(asked) == SINGLE:
        rows = ((uid, caller, 1),), ((gid, os.getegid(), 1),)
        return IdMaps(SINGLE, *rows, groups_dropped=False)
    from secure.kernel.subordinate_ids import FEWEST, first_range, look

    def spread(first: int, first_group: int) -> IdMaps:
        rows = ((0, first, FEWEST),), ((0, first_group, FEWEST),)
        return IdMaps(RANGE, *rows, groups_dropped=True)

    base, group_base = first_range("subuid", caller), first_range("subgid", caller)
    if caller == 0:
        return spread(base or _ROOT_BASE, group_base or _ROOT_BASE)
    if not base or not group_base:
        missing = look()
        raise MachineError(f"no id range for this container: {missing.reason}", do=missing.do)
    return spread(base, group_base)


def apply(pid: int, maps: IdMaps) -> None:
    """Give the new user namespace of `pid` its maps.

    Raises:
        MachineError: newuidmap or newgidmap is missing or refuses.
        KernelError: the kernel refuses.
    """
    if maps.kind == SINGLE or os.geteuid() == 0:
        write_maps(pid, maps.uid_rows, maps.gid_rows)
        return
    # The setuid tools of the shadow suite check /etc/subuid; side by side, they cost 2 ms each.
    started = [
        (tool, _start_tool(tool, pid, rows))
        for tool, rows in ((_NEWUIDMAP, maps.uid_rows), (_NEWGIDMAP, maps.gid_rows))
    ]
    for tool, child in started:
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            raise MachineError(
                f"{tool} refused the subordinate ids", do="Compare /etc/subuid and /etc/subgid."
            )


def _start_tool(tool: str, pid: int, rows: tuple[tuple[int, int, int], ...]) -> int:
    from secure.kernel.subordinate_ids import PLACES

    arguments = [tool, str(pid), *(str(number) for row in rows for number in row)]
    for folder in PLACES:
        path = f"{folder}/{tool}"
        try:
            return os.posix_spawn(path, arguments, {})
        except FileNotFoundError:
            continue
    raise MachineError(f"{tool} is not installed", do="Install it: apt-get install uidmap")
