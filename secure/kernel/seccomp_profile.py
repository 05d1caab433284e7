"""From a seccomp profile (JSON) to a filter (BPF), through a cache that a launch can afford.

A launch reads the cached filter: one hash, one read. Only when there is none does it pay for JSON,
pyseccomp and libseccomp (about 60 ms). What a cached filter is worth is checked on each read: it
belongs to the caller, nobody else could write it, and its digest holds over the key too, so that
the filter of a weaker profile under the name of a stronger one is not taken.
"""

from __future__ import annotations

from secure import __version__
from secure import system as os
from secure.errors import MachineError
from secure.kernel.seccomp import BPF_MAXINSNS, INSTRUCTION_BYTES
from secure.sha256 import sha256_bytes, sha256_hex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.kernel.seccomp_compile import CompiledFilter

# Raise it when the same profile is compiled to another filter: it is part of every key.
_FORM = b"secure seccomp 5"
_MAGIC = b"SECBPF1\n"
_DIGEST_BYTES = 32
_FORMAT, _REGULAR = 0o170000, 0o100000  # of st_mode
_MAX_FILE = len(_MAGIC) + _DIGEST_BYTES + BPF_MAXINSNS * INSTRUCTION_BYTES


def cache_key(profile_json: bytes, arch: str | None = None, *, watched: bool = False) -> str:
    """The name of the filter in the cache: 64 hexadecimal digits.

    Which libseccomp compiled it is no part: asking the library costs every launch, and a filter of
    an older one is only stricter, as what it does not know gets the default action.

    Args:
        profile_json: the profile as read.
        arch: as uname(2) says it; None is this machine's.
        watched: of the form that asks a listener, see `CompiledFilter`.
    """
    arch = arch or os.uname().machine
    form = _FORM + b" watched" if watched else _FORM
    return sha256_hex(b"\0".join((form, arch.encode(), __version__.encode(), profile_json)))


def read_cached(cache_dir: str | os.PathLike[str], key: str) -> bytes | None:
    """The filter stored under `key`; None if there is none that can be trusted."""
    try:
        # O_NONBLOCK: a FIFO under that name must not stop the launch.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(_path(cache_dir, key), flags)
    except OSError:
        return None
    try:
        found = os.fstat(fd)
        if found.st_mode & _FORMAT != _REGULAR or found.st_uid != os.geteuid():
            return None
        if found.st_mode & 0o022 or found.st_size > _MAX_FILE:
            return None
        content = os.read(fd, _MAX_FILE + 1)
    finally:
        os.close(fd)
    return _verified(content, key)


def write_cached(cache_dir: str | os.PathLike[str], key: str, bpf: bytes) -> None:
    """Store a filter; it appears whole or not at all.

    Raises:
        MachineError: the directory cannot be written.
    """
    from secure.kernel.whole_files import write_all, write_whole

    content = _MAGIC + _digest(key, bpf) + bpf
    try:
        os.makedirs(cache_dir, mode=0o700, exist_ok=True)
        # The digest tells what a power loss makes of it.
        write_whole(_path(cache_dir, key), lambda fd: write_all(fd, content), durable=False)
    except OSError as error:
        raise MachineError(
            f'the compiled seccomp filter cannot be stored in "{cache_dir}": {error.strerror}',
            do="Make that directory writable for this user, or set XDG_CACHE_HOME.",
        ) from error


def compile_profile(profile_json: bytes, arch: str | None = None) -> bytes:
    """Compile without the cache; see `secure.kernel.seccomp_compile`, which reports more."""
    return compile_filter(profile_json, arch).bpf


def compile_filter(profile_json: bytes, arch: str | None = None) -> CompiledFilter:
    """Compile without the cache, and say what was left out.

    Raises:
        PolicyFileError: the profile is wrong; all mistakes are named.
        MachineError: libseccomp or pyseccomp is missing.
    """
    from secure.kernel.seccomp_compile import compile_rules
    from secure.kernel.seccomp_rules import parse_profile

    return compile_rules(parse_profile(profile_json), arch or os.uname().machine)


def load_filter(
    profile_json: bytes, cache_dir: str | os.PathLike[str], *, watched: bool = False
) -> bytes:
    """The filter for this machine: from the cache, else compiled and, where possible, stored there.

    Args:
        watched: the form that asks a listener, see `CompiledFilter`.
    """
    cached = read_cached(cache_dir, cache_key(profile_json, watched=watched))
    if cached is not None:
        return cached
    compiled = compile_filter(profile_json)
    try:
        write_cached(cache_dir, cache_key(profile_json), compiled.bpf)
        write_cached(cache_dir, cache_key(profile_json, watched=True), compiled.watched)
    except MachineError:
        pass  # it is compiled again the next time; the launch's other caches say why
    return compiled.watched if watched else compiled.bpf


def _path(cache_dir: str | os.PathLike[str], key: str) -> str:
    return f"{os.fspath(cache_dir)}/{key}.bpf"


def _verified(content: bytes, key: str) -> bytes | None:
    head = len(_MAGIC) + _DIGEST_BYTES
    bpf = content[head:]
    count, rest = divmod(len(bpf), INSTRUCTION_BYTES)
    if rest or not 1 <= count <= BPF_MAXINSNS:
        return None
    return bpf if content[:head] == _MAGIC + _digest(key, bpf) else None


def _digest(key: str, bpf: bytes) -> bytes:
    return sha256_bytes(_FORM + b"\0" + key.encode() + b"\0" + bpf)
