"""The security.capability attribute of a file, by name. Source: linux/capability.h, vfs_cap_data.

Layout, little-endian: u32 magic (revision in the high byte, bit 0 "effective"), then per 32 bits of
capabilities u32 permitted and u32 inheritable (one pair in revision 1, two in 2 and 3), then in
revision 3 the u32 uid of the namespace's root.
"""

from __future__ import annotations

import struct

ATTRIBUTE = b"security.capability"

_NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
    "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN",
    "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE",
    "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
    "PERFMON", "BPF", "CHECKPOINT_RESTORE",
)  # fmt: skip
_LENGTH_OF = {1: 12, 2: 20, 3: 24}


def capability_names(xattrs: dict[bytes, bytes]) -> str:
    """Like "CAP_NET_RAW=ep"; "" without the attribute; says so where it cannot be read."""
    raw = xattrs.get(ATTRIBUTE)
    if raw is None:
        return ""
    revision = raw[3] if len(raw) >= 4 else 0
    if _LENGTH_OF.get(revision) != len(raw):
        return f"unreadable capabilities ({len(raw)} bytes, revision {revision})"
    words = struct.unpack_from(f"<{(len(raw) - 4) // 4}I", raw, 4)
    permitted, inheritable = words[0], words[1]
    if revision >= 2:
        permitted |= words[2] << 32
        inheritable |= words[3] << 32
    flags = "e" if raw[0] & 1 else ""
    shown = [
        f"{names}={flags}{letter}"
        for names, letter in ((_listed(permitted), "p"), (_listed(inheritable), "i"))
        if names
    ]
    if revision == 3 and words[4]:
        shown.append(f"rootid={words[4]}")
    # An attribute that grants nothing still changes how the kernel runs the file.
    return " ".join(shown) or "none"


def _listed(bits: int) -> str:
    return ",".join(
        f"CAP_{_NAMES[at]}" if at < len(_NAMES) else f"CAP_{at}"
        for at in range(64)
        if bits >> at & 1
    )
