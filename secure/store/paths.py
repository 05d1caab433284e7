"""Where state lives: the XDG base directories, or /var/lib/secure for root."""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError
from secure.kernel.namespaces import in_first_user_namespace


def data_dir() -> str:
    """Images, layers, audit log."""
    return _place("XDG_DATA_HOME", ".local/share", "/var/lib/secure")


def cache_dir() -> str:
    """Layer facts, compiled filters, launch records: all of it can be deleted at any time."""
    return _place("XDG_CACHE_HOME", ".cache", "/var/cache/secure")


def runtime_dir() -> str:
    """Sockets and state of running containers; gone after a reboot."""
    if _is_root():
        return "/run/secure"
    if base := os.environ.get("XDG_RUNTIME_DIR", ""):
        return os.path.join(_absolute("XDG_RUNTIME_DIR", base), "secure")
    return os.path.join(cache_dir(), "run")


SYSTEM_POLICY = "/etc/secure/policy.yaml"  # owned by root: every user's policy only tightens it


def _place(variable: str, below_home: str, for_root: str) -> str:
    base = os.environ.get(variable, "")
    if base:
        return os.path.join(_absolute(variable, base), "secure")
    if _is_root():
        return for_root
    return os.path.join(_home(), below_home, "secure")


def _is_root() -> bool:
    """Root of the machine; an ordinary user's engine runs us as root of a user namespace."""
    return os.geteuid() == 0 and in_first_user_namespace()


def _home() -> str:
    home = os.environ.get("HOME", "")
    if home.startswith("/"):
        return home
    # pwd loads NSS modules: fine here, it is the host's own and long before any namespace.
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError as cause:
        raise MachineError(
            f"uid {os.geteuid()} has no home directory to keep images and the audit log in",
            do="Set HOME or XDG_DATA_HOME and XDG_CACHE_HOME.",
        ) from cause


def _absolute(variable: str, path: str) -> str:
    # XDG base directory specification: relative paths are invalid.
    if not path.startswith("/"):
        raise MachineError(
            f'{variable} is "{path}", which is not an absolute path', do=f"Unset {variable}."
        )
    return path
