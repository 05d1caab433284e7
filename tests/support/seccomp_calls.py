"""Calls that the default profile refuses: how to make each without doing any harm.

Arguments: a number, "self" (the own pid) or hexadecimal bytes that are passed by address ("" is
256 zero bytes). Bad pointers and descriptors everywhere else: the question is who answers, the
filter (EPERM) or the kernel.
"""

from __future__ import annotations

from typing import Any

BAD = -1
CLONE_NEW = {
    "NEWNS": 0x20000,
    "NEWCGROUP": 0x2000000,
    "NEWUTS": 0x4000000,
    "NEWIPC": 0x8000000,
    "NEWUSER": 0x10000000,
    "NEWPID": 0x20000000,
    "NEWNET": 0x40000000,
}
SIGCHLD = 17
_PERSONALITY_NO_RANDOMIZE = 0x0040000

# Refused with EPERM; as root the kernel itself answers otherwise.
AS_ROOT: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("unshare", (CLONE_NEW["NEWNS"],)),
    ("setns", (BAD, 0)),
    ("mount", (BAD, BAD, BAD, 0, 0)),
    ("umount2", (BAD, 0)),
    ("pivot_root", (BAD, BAD)),
    ("chroot", (BAD,)),
    ("open_tree", (BAD, BAD, 0)),
    ("move_mount", (BAD, BAD, BAD, BAD, BAD)),
    ("fsopen", (BAD, 0)),
    ("fsconfig", (BAD, 0, 0, 0, 0)),
    ("fsmount", (BAD, 0, 0)),
    ("fspick", (BAD, BAD, 0)),
    ("mount_setattr", (BAD, BAD, 0, 0, 0)),
    ("bpf", (0xFFFF, "", 128)),
    ("perf_event_open", (BAD, 0, 0, BAD, 0)),
    ("kexec_load", (0, 0, 0, BAD)),
    ("kexec_file_load", (BAD, BAD, 0, 0, BAD)),
    ("init_module", (BAD, 0, BAD)),
    ("finit_module", (BAD, BAD, 0)),
    ("delete_module", (BAD, 0)),
    ("reboot", (0, 0, 0, 0)),
    ("acct", (BAD,)),
    ("swapon", (BAD, 0)),
    ("swapoff", (BAD,)),
    ("quotactl", (BAD, BAD, 0, 0)),
    ("quotactl_fd", (BAD, BAD, 0, 0)),
    ("open_by_handle_at", (BAD, BAD, 0)),
    ("clock_settime", (0, BAD)),
    ("settimeofday", (BAD, BAD)),
    ("sethostname", (BAD, BAD)),
    ("setdomainname", (BAD, BAD)),
    ("syslog", (10, 0, 0)),
    ("fanotify_init", (BAD, 0)),
    ("fanotify_mark", (BAD, 0, 0, 0, 0)),
    ("iopl", (0,)),
    ("ioperm", (0, 1, 0)),
    ("lookup_dcookie", (0, 0, 0)),
    ("mbind", (1, 1, BAD, 0, 0, BAD)),
    ("migrate_pages", (BAD, 0, 0, 0)),
    ("move_pages", (BAD, 0, 0, 0, 0, BAD)),
    ("sysfs", (3, 0, 0)),
    ("ustat", (0, BAD)),
    ("pidfd_getfd", (BAD, 0, 0)),
    ("process_madvise", (BAD, BAD, 0, 0, 0)),
    ("uselib", (BAD,)),
)

# Refused with EPERM; an ordinary user is answered otherwise by the kernel: the attack surface.
AS_ANYONE: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("unshare", (CLONE_NEW["NEWUSER"],)),
    ("keyctl", (0, -3, 0, 0, 0)),
    ("add_key", (BAD, 0, 0, 0, 0)),
    ("request_key", (BAD, 0, 0, 0)),
    ("io_uring_setup", (1, "")),
    ("io_uring_enter", (BAD, 0, 0, 0, 0, 0)),
    ("io_uring_register", (BAD, 0, 0, 0)),
    ("userfaultfd", (1,)),
    ("ptrace", (0x4206, BAD, 0, 0)),
    ("process_vm_readv", ("self", 0, 0, 0, 0, 0)),
    ("process_vm_writev", ("self", 0, 0, 0, 0, 0)),
    ("kcmp", ("self", "self", 1, 0, 0)),
    ("name_to_handle_at", (BAD, BAD, 0, 0, 0)),
    ("get_mempolicy", (0, 0, 0, 0, 0)),
    ("set_mempolicy", (0, 0, 0)),
    ("modify_ldt", (0, 0, 0)),
    ("vmsplice", (BAD, 0, 0, 0)),
    ("personality", (_PERSONALITY_NO_RANDOMIZE,)),
)

# Answered as by a kernel that has no such call, so that libc takes another way.
ABSENT: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("clone3", (BAD, 88)),
    ("memfd_secret", (0,)),
)
