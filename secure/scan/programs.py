"""Programs that a policy names by what they can do, known by their name in a program directory."""

from __future__ import annotations

from secure.facts.files import FileTag

_DIRECTORIES = frozenset(
    b"bin sbin usr/bin usr/sbin usr/local/bin usr/local/sbin opt/bin usr/libexec usr/lib/openssh "
    b"usr/lib/ssh".split()
)
_NAMES = {
    FileTag.SHELL: (
        b"sh ash bash dash zsh ksh ksh93 mksh lksh oksh csh tcsh fish rbash yash busybox toybox "
        b"pwsh elvish xonsh"
    ),
    FileTag.PACKAGE_MANAGER: (
        b"apk apt apt-get aptitude dpkg rpm yum dnf microdnf tdnf zypper pacman emerge opkg nix "
        b"nix-env pip pipx uv easy_install npm pnpm yarn corepack gem bundle bundler cargo "
        b"composer conda mamba micromamba snap flatpak brew"
    ),
    FileTag.COMPILER: (
        b"gcc cc c++ g++ cpp clang clang++ tcc rustc go gccgo gfortran ld as nasm make cmake ninja "
        b"javac ghc ocamlopt zig gdb lldb strace ltrace perf bpftrace nmap tcpdump"
    ),
    FileTag.PRIVILEGE_TOOL: b"sudo sudoedit su doas pkexec runuser gosu su-exec",
    FileTag.REMOTE_LOGIN: (
        b"sshd telnetd in.telnetd rlogind in.rlogind rshd in.rshd dropbear vsftpd proftpd xrdp "
        b"tinysshd"
    ),
}
_TAG_OF = {name: tag for tag, names in _NAMES.items() for name in names.split()}
_VERSION = b"0123456789.-"
_TRIPLETS = (b"-linux-gnu-", b"-linux-musl-", b"-linux-gnueabihf-")


def program_tag(name: bytes) -> FileTag | None:
    """The tag of the program `name`; gcc-12, pip3.11 and x86_64-linux-gnu-ld are known too."""
    directory, _, last = name.rpartition(b"/")
    if directory not in _DIRECTORIES:
        return None
    return _TAG_OF.get(last) or _TAG_OF.get(_plain(last))


def _plain(name: bytes) -> bytes:
    for triplet in _TRIPLETS:
        name = name.rpartition(triplet)[2]
    return name.rstrip(_VERSION)
