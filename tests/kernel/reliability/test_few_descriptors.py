"""A process that starts containers while it has few descriptors: every failure gives all back."""

from __future__ import annotations

import json
import subprocess

import pytest
from installation import Account, leaves_nothing
from made_images import Images

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel

_PROGRAM = """
import json, os, resource, sys
version = "python%d.%d" % sys.version_info[:2]
sys.path += [sys.argv[1], f"{sys.argv[1]}/.venv/lib/{version}/site-packages"]
from secure.errors import SecureError
from secure.flows.launcher import Launcher
from secure.runtime.request import RunRequest
one = Launcher(RunRequest(image=sys.argv[2], command=("true",)), lambda text: None)
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

def run():
    try:
        return one.run().exit_code
    except SecureError as error:
        return [type(error).__name__, error.exit_code, str(error)]

def opened():
    return sorted(map(int, os.listdir("/proc/self/fd")))

run()
before, found = opened(), []
for free in range(0, 24):
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before) + free, hard))
    found.append(run())
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    if opened() != before:
        found.append(["left open with %d free" % free, opened(), before])
        break
print(json.dumps([found, run()]), file=sys.stderr)
"""


def test_a_launch_without_descriptors_gives_all_back(engine: Account, images: Images) -> None:
    engine.secure("run", images.good, "true")
    home = engine.command.parent.parent
    # To a file: pipes are then made for it, too.
    with leaves_nothing(engine), (engine.folder / "printed").open("w") as out:
        done = subprocess.run(
            [str(home / ".venv/bin/python3"), "-I", "-c", _PROGRAM, str(home), images.good],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, check=False,
            cwd=engine.folder, env=engine.environment, timeout=120, **engine.who.credentials,
        )  # fmt: skip
    found, last = json.loads(done.stderr.splitlines()[-1])
    assert last == 0
    assert found[0] != 0
    wrong = [one for one in found if one != 0 and one[0] not in {"MachineError", "KernelError"}]
    assert not wrong
    assert verify(str(engine.log)).broken is None
