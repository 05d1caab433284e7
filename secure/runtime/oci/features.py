"""`features`: what this runtime does (runtime-spec 1.2, features.md).

Derived from the tables that the runtime itself goes by, so that it cannot promise more; this kernel
is asked for what older ones lack.
"""

from __future__ import annotations

from secure import __version__
from secure.kernel.capabilities import NAMES
from secure.kernel.seccomp import (
    SECCOMP_FILTER_FLAG_NEW_LISTENER,
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
    knows_flags,
)
from secure.oci.runtime_config import NAMESPACES, STAGES, VERSION
from secure.oci.seccomp_config import ACTIONS, FLAGS, KILLABLE
from secure.runtime.oci.mount_options import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPERATORS = ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ")


def document() -> dict[str, Any]:
    """The document of `secure oci features`."""
    return {
        "ociVersionMin": "1.0.0",
        "ociVersionMax": VERSION,
        "hooks": list(STAGES),
        "mountOptions": list(words()),
        "linux": {
            "namespaces": sorted(NAMESPACES),
            "capabilities": list(NAMES),
            "cgroup": {
                "v1": True,
                "v2": True,
                "systemd": True,
                "systemdUser": True,
                "rdma": False,
            },
            "seccomp": {
                "enabled": True,
                "actions": sorted(ACTIONS),
                "operators": [f"SCMP_CMP_{name}" for name in _OPERATORS],
                "archs": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_X86_64"],
                "knownFlags": list(FLAGS),
                "supportedFlags": [flag for flag in FLAGS if flag != KILLABLE or _killable()],
            },
            "apparmor": {"enabled": True},
            "selinux": {"enabled": False},
            "intelRdt": {"enabled": False},
            "mountExtensions": {"idmap": {"enabled": False}},
        },
        "annotations": {"secure.version": __version__},
        "potentiallyUnsafeConfigAnnotations": [],
    }


def _killable() -> bool:
    return knows_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
