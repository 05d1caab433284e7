"""cgroups for real, on whatever this machine has; nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confinement import ROOT, STRANGER, needs_root
from installation import Installed

from secure.errors import KernelError, MachineError, SecureError
from secure.kernel.cgroup_delegation import delegate, withdraw
from secure.kernel.cgroup_events import forks_refused, oom_kills
from secure.kernel.cgroup_support import V2, CgroupLimits, CgroupSupport
from secure.kernel.cgroups import Cgroup
from secure.kernel.cgroups_detect import Hierarchy, detect
from secure.kernel.cgroups_detect import support as support_of

pytestmark = pytest.mark.kernel

MIB = 1 << 20
LIMITS = CgroupLimits(memory_bytes=64 * MIB, millicpus=500, pids=20)
# Joins by itself, so that not one page is charged elsewhere.
JOIN = "import os,sys\nfor d in sys.argv[1:]: open(d+'/cgroup.procs','w').write('0')\n"


@pytest.fixture
def support() -> CgroupSupport:
    """What this machine offers, if it offers all."""
    found = detect()
    if len(found.usable()) < 3:
        pytest.skip(f"cgroups: {found.reason}")
    return found


@pytest.fixture
def name() -> str:
    """Not the name of another run of these tests."""
    return f"test-{os.getpid()}-{time.monotonic_ns()}"


@pytest.fixture
def cgroup(support: CgroupSupport, name: str) -> Iterator[Cgroup]:
    """One with all limits."""
    made = Cgroup.create(support, name, LIMITS)
    try:
        yield made
    finally:
        made.kill()
        made.remove()


def _named(name: str) -> list[Path]:
    """Every directory of this name in any hierarchy; others may be at work beside this test."""
    top = Path("/sys/fs/cgroup")
    return [*top.glob(f"secure/{name}"), *top.glob(f"*/secure/{name}"), *top.glob(f"**/{name}")]


def _inside(cgroup: Cgroup, program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", JOIN + program, *cgroup.directories],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_kernel_reads_back_what_was_planned(cgroup: Cgroup) -> None:
    planned = dict(cgroup.planned())

    assert cgroup.read_back() == cgroup.planned()
    assert {file.partition(".")[0] for file in planned} == {"memory", "cpu", "pids"}
    assert str(64 * MIB) in planned.values()
    assert planned["pids.max"] == "20"


def test_a_memory_limit_is_read_back_in_whole_pages(support: CgroupSupport, name: str) -> None:
    made = Cgroup.create(support, name, CgroupLimits(memory_bytes=64 * MIB + 1))
    try:
        assert made.read_back() == made.planned()
        assert made.read_back()[0][1] == str(64 * MIB)
    finally:
        made.remove()


def test_memory_over_the_limit_is_killed_and_said_so(cgroup: Cgroup) -> None:
    with _inside(cgroup, f"x = bytearray(200 * {MIB})") as process:
        code = process.wait(timeout=20)

    assert code == -signal.SIGKILL
    assert oom_kills(cgroup.directories) == 1


def test_memory_below_the_limit_is_not_killed(cgroup: Cgroup) -> None:
    with _inside(cgroup, f"x = bytearray(20 * {MIB})") as process:
        code = process.wait(timeout=20)

    assert code == 0
    assert oom_kills(cgroup.directories) == 0


def test_processes_over_the_limit_are_refused_and_counted(cgroup: Cgroup) -> None:
    program = (
        "import time\n"
        "made = 0\n"
        "try:\n"
        "    while made < 40:\n"
        "        if not os.fork(): time.sleep(60)\n"
        "        made += 1\n"
        "except BlockingIOError: pass\n"
        "print(made, flush=True)\n"
    )
    with _inside(cgroup, program) as process:
        assert process.stdout is not None
        made = int(process.stdout.readline())
        cgroup.kill()

    assert made == 19
    assert forks_refused(cgroup.directories) == 1


def test_processor_time_is_held_to_the_quota(cgroup: Cgroup) -> None:
    program = (
        "import time\n"
        "end, start = time.monotonic() + 1, time.process_time()\n"
        "while time.monotonic() < end: pass\n"
        "print(time.process_time() - start)\n"
    )
    with _inside(cgroup, program) as process:
        used = float(process.communicate(timeout=20)[0])

    assert used < 0.75  # of one second, with half a processor


def test_kill_ends_everything_that_is_forked_meanwhile(cgroup: Cgroup) -> None:
    program = (
        "import time\n"
        "for _ in range(3):\n"
        "    if not os.fork(): break\n"
        "print('up', flush=True)\n"
        "while True:\n"
        "    if not os.fork(): os._exit(0)\n"
        "    os.wait()\n"
    )
    with _inside(cgroup, program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert cgroup.processes()
        # Its children become orphans, and the first process of this machine may not reap them.
        cgroup.kill()
        process.wait(timeout=10)

    assert cgroup.processes() == frozenset()


def test_another_process_can_be_moved_in(cgroup: Cgroup) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        cgroup.add(process.pid)
        inside = cgroup.processes()
        process.kill()

    assert inside == {process.pid}


def test_remove_leaves_nothing_and_may_be_repeated(support: CgroupSupport, name: str) -> None:
    made = Cgroup.create(support, name, LIMITS)
    (Path(made.directories[0]) / "below").mkdir()
    there = _named(name)

    made.remove()
    made.remove()

    assert there
    assert _named(name) == []


@pytest.mark.parametrize(
    "limits",
    [
        CgroupLimits(memory_bytes=64 * MIB, pids=-5),
        CgroupLimits(memory_bytes=64 * MIB, millicpus=1),
        CgroupLimits(memory_bytes=-1, millicpus=500),
    ],
)
def test_after_a_refused_value_nothing_is_left(
    support: CgroupSupport, name: str, limits: CgroupLimits
) -> None:
    with pytest.raises(KernelError, match="writing"):
        Cgroup.create(support, name, limits)

    assert _named(name) == []


def test_a_name_that_is_taken_is_refused_and_left_alone(
    support: CgroupSupport, cgroup: Cgroup
) -> None:
    with pytest.raises(KernelError, match="File exists"):
        Cgroup.create(support, Path(cgroup.directories[0]).name, LIMITS)

    assert cgroup.read_back() == cgroup.planned()


@pytest.mark.parametrize(
    "hostile", ["", ".", "..", "../up", "a/b", "/abs", "a\nb", "a" * 65, "Ä", ".hidden", "a\0b"]
)
def test_a_name_cannot_lead_elsewhere(hostile: str) -> None:
    somewhere = CgroupSupport("v1", "v1", "v1", bases=(("memory", "/nowhere"),))

    with pytest.raises(SecureError, match="cannot name a cgroup"):
        Cgroup.create(somewhere, hostile, CgroupLimits(memory_bytes=MIB))


def test_what_cannot_be_limited_is_named_with_what_to_do() -> None:
    nothing = CgroupSupport("", "", "", reason="not delegated", do="Ask root.")

    with pytest.raises(MachineError, match="cannot limit memory, pids by cgroup") as error:
        Cgroup.create(nothing, "x", CgroupLimits(memory_bytes=MIB, pids=5))

    assert error.value.do == "Ask root."


_AS_STRANGER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from secure.kernel.cgroup_support import CgroupLimits
from secure.kernel.cgroups import Cgroup
from secure.kernel.cgroups_detect import detect, detect_further
uid = int(sys.argv[2])
os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
found = detect()
print(found.usable()); print(found.by); print(found.do)
if found.usable():
    made = Cgroup.create(found, "theirs", CgroupLimits(64 << 20, 500, 20))
    child = os.fork()
    if child == 0:
        os.read(0, 1); os._exit(0)
    made.add(child)
    print(made.read_back() == made.planned(), made.processes() == {child})
    more, processors = None, "0"
    if os.path.isdir("/sys/fs/cgroup/cpuset"):
        more = Cgroup.create(detect_further(found, ("cpuset",)), "more", CgroupLimits(cpuset="0"))
        more.add(child)
        with open(f"/proc/{child}/status") as status:
            processors = status.read().partition("Cpus_allowed_list:")[2].split()[0]
    print(processors)
    made.kill(); os.waitpid(child, 0); made.remove()
    if more:
        more.remove()
"""


def _as_stranger(uid: int) -> list[str]:
    command = [sys.executable, "-I", "-S", "-c", _AS_STRANGER, str(ROOT), str(uid)]
    # The child becomes the stranger's, so it is moved while it has the stranger's uid.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    return lines


def test_an_ordinary_user_has_nothing_until_root_runs_the_named_command() -> None:
    needs_root()
    uid = STRANGER + 1
    usable, by, do = _as_stranger(uid)
    if usable != "()":
        pytest.skip("this machine delegates to everybody")
    if "Once as root, until the next boot: " not in do:
        pytest.skip("the remedy on this machine is systemd's")
    command = do.removeprefix("Once as root, until the next boot: ").split()
    assert command[0] == "secure"

    subprocess.run([str(ROOT / "bin/secure"), *command[1:]], check=True)
    try:
        usable_then, by_then, do_then, worked, processors = _as_stranger(uid)
    finally:
        subprocess.run([str(ROOT / "bin/secure"), *command[1:], "--undo"], check=True)
    assert list(Path("/sys/fs/cgroup").glob(f"*/secure/user-{uid}")) == []

    assert by == ""
    assert usable_then == "('memory', 'cpu', 'pids')"
    assert (by_then, do_then, worked) == ("cgroup v1 (delegated)", "", "True True")
    assert processors == "0"


def test_a_delegated_directory_keeps_its_own_limits_closed() -> None:
    needs_root()
    uid = STRANGER + 2
    if "until the next boot" not in _as_stranger(uid)[2]:
        pytest.skip("the remedy on this machine is systemd's")
    places = [Path(place) for place in delegate(uid)]
    try:
        owned = {
            file.name for place in places for file in place.iterdir() if file.stat().st_uid == uid
        }
        own = {place.stat().st_uid for place in places}
    finally:
        withdraw(uid)

    # The user must not be able to lift what root set for the user as a whole.
    assert (owned, own) == ({"cgroup.procs", "tasks"}, {uid})


_ASKED_BY_STRANGER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from secure.cli.main import main
if os.geteuid() == 0:
    os.setresuid(12345, 12345, 12345)
sys.exit(main(["setup", "delegate", "--user", "1"]))
"""


def test_only_root_delegates(installed: Installed) -> None:
    # Not the checkout: a stranger may not read what lies below root's home.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _ASKED_BY_STRANGER, str(installed.folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "only root can delegate" in done.stderr) == (4, True)


@pytest.fixture
def unified() -> Iterator[Path]:
    """A directory of our own in a real v2 hierarchy, whatever controllers it has."""
    needs_root()
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [fields[1] for fields in mounts if fields[2] == "cgroup2"]
    if not found:
        pytest.skip("no cgroup v2 is mounted")
    place = Path(found[0]) / f"test-{os.getpid()}-{time.monotonic_ns()}"
    place.mkdir()
    try:
        yield place
    finally:
        place.rmdir()


def test_a_v2_cgroup_is_killed_at_once_and_removed(unified: Path) -> None:
    support = CgroupSupport(V2, V2, V2, bases=(("pids", str(unified)),))
    made = Cgroup(support, (str(unified / "one"),))
    (unified / "one").mkdir()
    if not (unified / "one" / "cgroup.kill").exists():
        pytest.skip("cgroup.kill needs Linux 5.14")
    with subprocess.Popen(["sleep", "60"]) as process:
        made.add(process.pid)
        assert made.processes() == {process.pid}
        made.kill()
        code = process.wait(timeout=5)
    made.remove()

    assert code == -signal.SIGKILL
    assert not (unified / "one").exists()


def test_a_process_steps_aside_into_a_child_of_its_v2_cgroup(unified: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from secure.kernel import cgroups_v2\n"
        "open(sys.argv[2] + '/cgroup.procs', 'w').write('0')\n"
        "cgroups_v2.step_aside(sys.argv[2]); cgroups_v2.step_aside(sys.argv[2])\n"
        "print(open('/proc/self/cgroup').read())\n"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT), str(unified)]

    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    (unified / "supervisor").rmdir()

    assert f"0::/{unified.name}/supervisor\n" in done.stdout


def test_hybrid_machines_take_each_controller_where_it_is(tmp_path: Path) -> None:
    """Detection reads directories only, so a tree of plain files stands for a machine's."""
    v2, v1 = tmp_path / "unified", tmp_path / "memory"
    own = v2 / "user.slice" / "user@7.service" / "app.slice" / "run.service"
    own.mkdir(parents=True)
    v1.mkdir()
    for directory in (v2, *own.parents, own):
        if v2 in (directory, *directory.parents):
            for file in ("cgroup.procs", "cgroup.subtree_control", "cgroup.type"):
                (directory / file).write_text("")
            (directory / "cgroup.controllers").write_text("pids cpu\n")
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    hierarchies = (
        Hierarchy(str(v1), "/", unified=False, controllers=("memory",)),
        Hierarchy(str(v2), "/", unified=True, controllers=()),
    )
    path = "/user.slice/user@7.service/app.slice/run.service"

    found = support_of(hierarchies, f"5:memory:/\n0::{path}\n", os.geteuid())

    parent = str(own.parent)
    assert dict(found.bases)["cpu"] == f"{parent}/secure"
    assert found.passes_on == (parent, f"{parent}/secure")
    assert (found.cpu, found.pids) == (V2, V2)
    assert found.steps_aside == ""


@pytest.mark.parametrize(
    ("others", "aside"), [("", True), ("1\n", False)], ids=["alone", "with others"]
)
def test_a_process_alone_in_its_delegated_cgroup_steps_aside(
    tmp_path: Path, others: str, aside: bool
) -> None:
    for file in ("cgroup.procs", "cgroup.subtree_control", "cgroup.type"):
        (tmp_path / file).write_text("")
    (tmp_path / "cgroup.procs").write_text(f"{others}{os.getpid()}\n")
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    hierarchy = Hierarchy(str(tmp_path), "/a", unified=True, controllers=())

    found = support_of((hierarchy,), "0::/a\n", 7)

    assert (found.steps_aside == str(tmp_path)) is aside
    assert ("other processes" in found.reason) is not aside
    assert found.usable() == (("memory", "cpu", "pids") if aside else ())


@pytest.mark.parametrize("path", ["/../../elsewhere", "/other", ""])
def test_a_cgroup_outside_the_mount_is_not_taken(tmp_path: Path, path: str) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.type").write_text("domain\n")
    hierarchy = Hierarchy(str(tmp_path), "/mine", unified=True, controllers=())

    found = support_of((hierarchy,), f"0::{path}\n", 7)

    assert found.usable() == ()
    assert "not delegated" in found.reason
    assert "systemd-run --user --scope -p Delegate=yes" in found.do
