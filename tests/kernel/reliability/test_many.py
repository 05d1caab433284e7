"""Many containers, at once and one after the other: nothing piles up.

With `--every-step` 200 at once and 5,000 in sequence; else a few.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bundles import Runtime
from installation import Account, leaves_nothing
from made_images import Images
from stepping import reap

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel

_CLIENTS = 8  # at a time: the machine may be small
_WARM = 20
_SLACK_KIB = 3072  # of memory, whatever the number of containers

_PROGRAM = """
import gc, json, os, sys
version = "python%d.%d" % sys.version_info[:2]
sys.path[:0] = [sys.argv[1], f"{sys.argv[1]}/.venv/lib/{version}/site-packages"]
from secure.flows.launcher import Launcher
from secure.runtime.request import RunRequest
image, id_map, warm, times = sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
one = Launcher(RunRequest(image=image, command=("echo", "x"), id_map=id_map), lambda text: None)

def kept():
    gc.collect()  # Python keeps thousands of freed tuples at hand until it collects
    size = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return {
        "descriptors": sorted(map(int, os.listdir("/proc/self/fd"))),
        "mounts": len(open("/proc/self/mountinfo").readlines()),
        "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
        "memory": int(size.split()[1]),
    }

codes = {one.run().exit_code for _ in range(warm)}
before = kept()
codes |= {one.run().exit_code for _ in range(times)}
print(json.dumps([sorted(codes), before, kept()]), file=sys.stderr)
"""


@pytest.fixture
def every(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--every-step"))


def files(folder: Path) -> set[str]:
    """What lies there, but for the log and its segments."""
    return {str(path) for path in folder.rglob("*") if "audit" not in path.parts}


def test_containers_that_live_at_the_same_time(
    engine: Account, runtime: Runtime, bundle: Path, every: bool
) -> None:
    names = [f"c{number}" for number in range(200 if every else 12)]

    def begin(name: str) -> int:
        return runtime.create(name, bundle).code or runtime("start", name).code

    with leaves_nothing(engine), ThreadPoolExecutor(_CLIENTS) as pool:
        assert set(pool.map(begin, names)) == {0}
        listed = json.loads(runtime("list", "--format", "json").out)
        assert {row["id"]: row["status"] for row in listed} == dict.fromkeys(names, "running")
        ended = pool.map(lambda name: runtime("delete", "--force", name).code, names)
        assert set(ended) == {0}
        reap()
    assert not list(runtime.folder.glob("state-secure/*"))
    assert verify(str(engine.log)).broken is None


def test_containers_of_one_process_one_after_the_other(
    engine: Account, images: Images, every: bool
) -> None:
    engine.secure("run", images.good, "true")
    home = engine.command.parent.parent
    before, times = files(engine.folder), 5000 if every else 100
    # To a file, so that every line is copied by the supervisor.
    printed = engine.folder.parent / "printed.out"
    with leaves_nothing(engine), printed.open("w") as out:
        done = subprocess.run(
            [str(home / ".venv/bin/python3"), "-I", "-c", _PROGRAM, str(home), images.good,
             engine.who.id_map, str(_WARM), str(times)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, check=False,
            cwd=engine.folder, env=engine.environment, **engine.who.credentials,
        )  # fmt: skip
    codes, first, last = json.loads(done.stderr)
    assert codes == [0]
    grown = last.pop("memory") - first.pop("memory")
    assert last == first
    assert grown < _SLACK_KIB, grown
    assert printed.read_text() == "x\n" * (_WARM + times)
    assert files(engine.folder) == before
    assert verify(str(engine.log)).broken is None


def test_commands_one_after_the_other(engine: Account, images: Images, every: bool) -> None:
    engine.secure("run", images.good, "true")
    before = files(engine.folder)
    with leaves_nothing(engine):
        codes = {
            engine.secure("run", images.good, "true").code for _ in range(500 if every else 10)
        }
    assert codes == {0}
    assert files(engine.folder) == before
