"""What may not be asked for is refused before anything starts, and nothing is left."""

from __future__ import annotations

import pytest
from installation import Account, Ended, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

REFUSED = {
    "uid-0": (("--user", "0"), "RUN005"),
    "uid-0-written-as-00": (("--user", "00"), "RUN005"),
    "root-by-name": (("--user", "root"), "RUN005"),
    "root-with-a-group": (("--user", "0:10001"), "RUN005"),
    "forbidden-capability": (("--cap-add", "SYS_ADMIN"), "RUN003"),
    "every-capability": (("--cap-add", "ALL"), "RUN002"),
    "capability-in-lower-case": (("--cap-add", "cap_sys_ptrace"), "RUN003"),
    "seccomp-unconfined": (("--security-opt", "seccomp=unconfined"), "RUN018"),
    "seccomp-by-colon": (("--security-opt", "seccomp:unconfined"), "RUN018"),
    "seccomp-empty": (("--security-opt", "seccomp="), "RUN018"),
    "apparmor-unconfined": (("--security-opt", "apparmor=unconfined"), "RUN019"),
    "label-disabled": (("--security-opt", "label=disable"), "RUN019"),
    "new-privileges": (("--security-opt", "no-new-privileges=false"), "RUN004"),
    "new-privileges-by-colon": (("--security-opt", "no-new-privileges:false"), "RUN004"),
    "unmasked-paths": (("--security-opt", "systempaths=unconfined"), "RUN025"),
    "unknown-option": (("--security-opt", "writable-cgroups=true"), "RUN036"),
    "privileged": (("--privileged",), "RUN001"),
    "a-device": (("--device", "/dev/null"), "RUN024"),
    "pid-of-the-host": (("--pid", "host"), "RUN013"),
    "ipc-of-the-host": (("--ipc", "host"), "RUN014"),
    "uts-of-the-host": (("--uts", "host"), "RUN015"),
    "pid-of-a-container": (("--pid", "container:web"), "RUN013"),
    "writable-root": (("--read-only=false",), "RUN006"),
    "too-much-memory": (("--memory", "65g"), "RUN008"),
    "too-many-processes": (("--pids-limit", "32769"), "RUN010"),
    "too-many-processors": (("--cpus", "256.1"), "RUN009"),
    "too-many-files": (("--ulimit", "nofile=65537"), "RUN011"),
    "unknown-network": (("--network", "bridge"), "RUN012"),
    "tmpfs-on-root": (("--tmpfs", "/"), "RUN025"),
    "tmpfs-on-proc": (("--tmpfs", "/proc"), "RUN025"),
    "tmpfs-on-proc-by-another-name": (("--tmpfs", "//proc"), "RUN025"),
    "tmpfs-on-proc-by-dots": (("--tmpfs", "/a/../proc/sys"), "RUN025"),
    "too-large-tmpfs": (("--tmpfs", "/x:size=5g"), "RUN007"),
}
SENSELESS = {
    "uid-that-wraps-around": (("--user", "4294967296"), "above 65534"),
    "uid-minus-1": (("--user", "-1"), "not in the image"),
    "unknown-user": (("--user", "nobody"), "not in the image"),
    "hexadecimal-uid": (("--user", "0x0"), "not in the image"),
    "no-memory": (("--memory", "0"), "out of range"),
    "unlimited-memory": (("--memory", "-1"), "not a size"),
    "unlimited-processes": (("--pids-limit", "-1"), "not a positive whole number"),
    "executable-tmpfs": (("--tmpfs", "/x:exec"), 'unknown option "exec"'),
    "user-namespace-of-the-host": (("--userns", "host"), "is unknown"),
    "two-mounts-on-one-place": (("--tmpfs", "/x", "--tmpfs", "/x"), "two mounts"),
    "unknown-flag": (("--cgroupns", "host"), "unknown option"),
}


def assert_not_started(account: Account, before: int, kind: str) -> None:
    """Whatever the log gained, no launch is in it; and it holds."""
    gained = [name for name, _ in account.records()[before:]]
    assert gained == ([kind] if kind else [])
    if account.log.exists():
        assert account.secure("audit", "verify").code == 0


def refused(account: Account, *words: str) -> Ended:
    """A launch that the policy does not allow."""
    before = len(account.records())
    with leaves_nothing(account):
        ended = account.secure("run", *words)
    assert (ended.code, ended.out) == (125, ""), ended.err
    assert_not_started(account, before, "refusal")
    return ended


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_by_its_rule(account: Account, images: Images, case: str) -> None:
    flags, rule = REFUSED[case]
    ended = refused(account, *flags, images.good)
    assert f"  {rule} " in ended.err
    assert "secure policy explain" in ended.err


@pytest.mark.parametrize("case", SENSELESS)
def test_what_makes_no_sense_is_wrong_usage(person: Account, images: Images, case: str) -> None:
    flags, words = SENSELESS[case]
    before = len(person.records())
    with leaves_nothing(person):
        ended = person.secure("run", *flags, images.good)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert_not_started(person, before, "")


def test_an_image_without_a_user_is_refused(account: Account, images: Images) -> None:
    ended = refused(account, images.made("no-user", user=""))
    assert "neither image nor flag names a user" in ended.err


def test_an_image_whose_user_is_root_is_refused(account: Account, images: Images) -> None:
    assert "RUN005" in refused(account, images.made("root-user", user="00:0")).err


def test_a_flag_may_name_the_user_that_the_image_lacks(account: Account, images: Images) -> None:
    ended = account.secure("run", "--user", "app", images.made("no-user", user=""))
    assert (ended.code, ended.out) == (0, "uid=10001(app) gid=10001(app)\n")


@pytest.mark.parametrize("account", ["user", "range"], indirect=True)
def test_a_limit_that_hardened_wants_and_the_machine_lacks_is_refused(
    account: Account, images: Images
) -> None:
    if "partly, by rlimits" not in account.secure("info").out:
        pytest.skip("this user can make cgroups")
    ended = refused(account, "--policy", "hardened", images.good)
    assert "RUN008" in ended.err
    assert "wanted enforced by a cgroup" in ended.err
    assert "Once as root" in ended.err
