"""CVE-2019-5736: `#!/proc/self/exe` makes the runtime execute itself inside, and be overwritten.

Between fork and execve the payload still is the interpreter. A program of the image that is a link
to /proc/self/exe (or a script or a dynamic program that names it) is therefore a handle on a file
of the host, and the attacker's own loader runs in it. Where the caller owns the interpreter and has
the same uid inside, the mode of that file can be changed, if not its content.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from attack import Arena, Replacement
from containers import Caller, Result

pytestmark = pytest.mark.kernel

# With nothing of the image between it and execve, a mode could be changed: see the control.
PROBE = (
    "readlink /proc/$$/exe; chmod 4777 /proc/$$/exe && echo changed the mode; "
    "{ echo overwritten >> /proc/$$/exe; } 2>/dev/null && echo overwritten"
)
OTHERS = (
    "for p in /proc/[0-9]*; do { echo x >> $p/exe; } 2>/dev/null && echo overwritten $p; done; "
    "readlink /proc/1/exe; true"
)


def attack_with_own_interpreter(
    arena: Arena, who: Caller, form: str, replaced: tuple[Replacement, ...] = ()
) -> tuple[Result, int]:
    """What the attacker's loader prints, and the mode of the caller's interpreter afterwards."""
    busybox = (arena.shop.rootfs / "bin/busybox").read_bytes()
    # The kernel maps the interpreter of the host and starts its loader: the image's, a busybox.
    image = arena.image(f"self-exe-{form}", **{"lib64__ld-linux-x86-64.so.2": busybox})
    (image / "evil").mkdir(exist_ok=True)
    program = image / "evil/sh"
    if form == "link" and not program.is_symlink():
        program.symlink_to("/proc/self/exe")
    elif form == "script":
        program.write_text("#!/proc/self/exe sh\n" + PROBE)
        program.chmod(0o755)
    python = arena.open_folder("interpreter") / "python3"
    shutil.copy(os.path.realpath(sys.executable), python)
    if os.geteuid() == 0:
        os.chown(python, who.uid, who.gid)
    package = arena.package((), replaced) if replaced else None
    layers = [str(path) for path in (arena.shop.rootfs, arena.layer, image)]
    with arena.shop.prepared(who, {"layers": layers}) as spec:
        command = arena.shop.command(spec, package, "/evil/sh", "-c", PROBE)
        done = subprocess.run(
            [str(python), *command[1:]], capture_output=True, text=True, timeout=60, check=False,
            env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, **who.credentials,
        )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr), python.stat().st_mode & 0o7777


def test_no_process_of_the_container_is_the_interpreter(arena: Arena, who: Caller) -> None:
    assert arena.try_on(who, OTHERS).out == ""


def test_the_interpreters_content_stays_as_it_is(arena: Arena, user: Caller) -> None:
    found, _ = attack_with_own_interpreter(arena, user, "link")
    assert "overwritten" not in found.out


@pytest.mark.parametrize("form", ["link", "script"])
def test_the_interpreter_of_the_host_does_not_run_inside(
    arena: Arena, who: Caller, form: str
) -> None:
    found, _ = attack_with_own_interpreter(arena, who, form)
    # "applet not found" is the attacker's loader speaking: it ran in the interpreter's process.
    assert "applet not found" not in found.err
    assert "python" not in found.out
    assert found.code == 126


def test_the_mode_of_the_callers_own_interpreter_stays_as_it_is(arena: Arena, user: Caller) -> None:
    found, mode = attack_with_own_interpreter(arena, user, "link")
    assert "changed the mode" not in found.out
    assert mode == 0o755


def test_control_without_the_rule_for_execution_it_runs_inside(arena: Arena, user: Caller) -> None:
    without: tuple[Replacement, ...] = (
        ("kernel/landlock.py", "reads = LANDLOCK_ACCESS_FS_EXECUTE if", "reads = 0 if"),
        ("kernel/landlock.py", 'yield reach(b"/"), LANDLOCK_ACCESS_FS_EXECUTE', "pass"),
    )
    found, mode = attack_with_own_interpreter(arena, user, "link", without)
    assert "changed the mode" in found.out
    assert mode == 0o4777
