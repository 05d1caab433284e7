"""What a compromised process could still reach: the questions, as one shell script.

The script prints QUESTION|ANSWER lines. Answers must not depend on the machine: what a kernel may
or may not have is asked so that "absent" and "refused" are one answer, "no".
"""

from __future__ import annotations

import os
from collections.abc import Iterator

NAMESPACES = ("user", "mnt", "pid", "net", "uts", "ipc", "cgroup", "time")
# Name -> arguments that do no harm if the call is let through.
CALLS = {
    "unshare": "0x10000000", "setns": "-1 0", "clone": "0x10000000", "clone3": "@ 88",
    "mount": "=none =/tmp =tmpfs 0 0", "umount2": "=/nowhere 0", "pivot_root": "=/x =/x",
    "chroot": "=/nowhere", "fsopen": "=tmpfs 0", "open_tree": "-100 =/ 1",
    "move_mount": "-1 =x -1 =x 0", "mount_setattr": "-1 = 0 @ 32", "bpf": "0xffff @ 128",
    "perf_event_open": "-1 0 0 -1 0", "ptrace": "0x4206 -1 0 0",
    "process_vm_readv": "1 @ 0 @ 0 0", "kcmp": "1 1 1 0 0", "pidfd_getfd": "-1 0 0",
    "process_madvise": "-1 @ 0 0 0", "keyctl": "0 -3 0", "add_key": "=user =x =x 1 -3",
    "request_key": "=user =x 0 0", "io_uring_setup": "1 @", "userfaultfd": "1",
    "open_by_handle_at": "-1 @ 0", "name_to_handle_at": "-1 =x @ @ 0", "init_module": "@ 0 =",
    "kexec_load": "0 0 0 -1", "reboot": "0 0 0 0", "syslog": "10 0 0", "acct": "=/nowhere",
    "swapon": "=/nowhere 0", "quotactl": "-1 =x 0 0", "settimeofday": "-1 -1",
    "sethostname": "=x 1", "iopl": "3", "fanotify_init": "0 0", "personality": "0x40000",
    "modify_ldt": "0 0 0", "vmsplice": "-1 0 0 0", "memfd_secret": "0", "memfd_create": "=x 0",
    "mknodat": "-100 =/tmp/node 0x21b6 0x103", "setuid": "0", "landlock_create_ruleset": "0 0 1",
}  # fmt: skip
SOCKETS = {
    "unix": "1 1 0", "inet tcp": "2 1 0", "inet udp": "2 2 0", "inet raw": "2 3 1",
    "inet6 tcp": "10 1 0", "netlink route": "16 3 0", "netlink netfilter": "16 3 12",
    "netlink audit": "16 3 9", "packet": "17 3 0", "alg": "38 5 0", "vsock": "40 1 0",
    "bluetooth": "31 3 0", "can": "29 3 1", "xdp": "44 3 0", "tipc": "30 1 0",
}  # fmt: skip
FOLDERS = ("/", "/app", "/bin", "/dev", "/dev/pts", "/dev/shm", "/etc", "/proc", "/root", "/run",
           "/sys", "/tmp", "/var")  # fmt: skip
HIDDEN = (
    "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/timer_list",
    "/proc/interrupts", "/proc/sched_debug", "/proc/latency_stats", "/proc/acpi", "/proc/scsi",
    "/proc/asound", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo", "/sys/firmware",
    "/sys/fs", "/sys/kernel", "/sys/devices/virtual/powercap", "/proc/1/environ", "/proc/1/mem",
    "/proc/1/maps", "/proc/1/cmdline",
)  # fmt: skip
SHOWN = ("/proc/cmdline", "/proc/cpuinfo", "/proc/loadavg", "/proc/meminfo", "/proc/stat",
         "/proc/uptime", "/proc/version", "/proc/sys/kernel/random/boot_id")  # fmt: skip
SWITCHES = (
    "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches",
    "/proc/sys/fs/binfmt_misc/register", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/release_agent", "/proc/1/oom_score_adj",
)  # fmt: skip


def script() -> str:
    """The checklist; every line of it prints one answer."""
    return "\n".join(
        [
            "exec 2>/dev/null",
            'say() { echo "$1|$2"; }',
            'call() { case "$(/bin/attack call "$@")" in *=E*) echo no;; *) echo yes;; esac; }',
            'saw() { [ -n "$1" ] && echo yes || echo no; }',
            *_identity(),
            *(f'say "system call: {name}" $(call {name} {words})' for name, words in CALLS.items()),
            *(f'say "socket: {name}" $(call socket {words})' for name, words in SOCKETS.items()),
            *_files(),
            *_world(),
        ]
    )


def host() -> dict[str, str]:
    """Variables that tell the script which namespaces are the host's."""
    return {f"HOST_{name}": os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES}


def _identity() -> Iterator[str]:
    yield 'say "user: uid and gid" "$(id -u):$(id -g)"'
    yield 'say "user: ids that exist" "$(tr -s " " < /proc/self/uid_map | cut -d" " -f4)"'
    yield 'say "user: is uid 0" $([ $(id -u) = 0 ] && echo yes || echo no)'
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        yield f'say "capabilities: {name}" $(grep {name} /proc/self/status | cut -f2)'
    yield 'say "no_new_privs" $(grep NoNewPrivs /proc/self/status | cut -f2)'
    yield 'say "seccomp mode" $(grep Seccomp: /proc/self/status | cut -f2)'
    for name in NAMESPACES:
        link = f'"$(readlink /proc/self/ns/{name})"'
        yield f'say "namespace: {name}" $([ {link} = "$HOST_{name}" ] && echo host || echo own)'


def _files() -> Iterator[str]:
    for path in FOLDERS:
        yield f'say "write below {path}" $(touch {path}/new && echo yes || echo no)'
    for path in HIDDEN:
        command = f"$(head -c 512 {path} | tr -d '\\0')$(ls -A {path}/)"
        yield f'say "read {path}" $(saw "{command}")'
    for path in SHOWN:
        yield f'say "read {path}" $(saw "$(head -c 1 {path})")'
    for path in SWITCHES:
        yield f'say "open for writing {path}" $(call open ={path} 1)'
    yield "cp /bin/busybox /tmp/true"
    yield 'say "run a program from /tmp" $(/tmp/true && echo yes || echo no)'


def _world() -> Iterator[str]:
    yield 'say "devices" "$(cd /dev; for f in *; do [ -c $f -a ! -L $f ] && echo $f; done | xargs)"'
    yield 'say "block devices" $(saw "$(find /dev -type b)")'
    yield 'say "open files" "$(ls /proc/self/fd | head -n 3 | xargs)"'
    yield "others() { [ $(ls -d /proc/[0-9]* | wc -l) -gt 9 ] && echo yes || echo no; }"
    yield 'say "processes of others" $(others)'
    yield "is_up() { [ $(($(cat $1/flags) & 1)) = 1 ] && echo $1; }"
    yield "up() { cd /sys/class/net; for i in *; do is_up $i; done; }"
    yield 'say "interfaces that are up" "$(up | xargs)"'
    yield 'say "routes" $(saw "$(tail -n +2 /proc/net/route)")'
    yield 'say "sockets of the host" $(saw "$(tail -n +2 /proc/net/unix)")'
    yield 'say "cgroup file systems" $(saw "$(grep -w -e cgroup -e cgroup2 /proc/self/mounts)")'
    yield 'say "mounts that propagate" $(saw "$(grep -e shared: -e master: /proc/self/mountinfo)")'
    yield 'say "largest core file" $(ulimit -c)'
    yield 'say "variables of the caller" $(saw "$(env | grep -e XDG -e SECRET)")'
