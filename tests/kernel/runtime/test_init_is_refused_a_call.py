"""A filter that refuses init a call of its own: init waits for an answer, so somebody must give it.

No built-in profile does so; one that forgets a call must not make the start hang.
"""

from __future__ import annotations

import json

import pytest
from confinement import profile
from containers import Caller, Workshop

from secure.kernel import seccomp
from secure.kernel.seccomp_profile import compile_filter

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        seccomp.USER_NOTIF not in seccomp.available(), reason="needs Linux 5.0: no user_notif"
    ),
]
NOBODY_CAN_ANSWER = "before its listener is here"
# What the kernel answers by itself is ENOSYS, the default of the profile.
ENDS = {
    "sendmsg": NOBODY_CAN_ANSWER,  # the listener leaves by it
    "close": "Function not implemented",  # before READY
    "write": "init ended before it was ready",  # READY, and why not
    "prctl": "Function not implemented",  # after GO
    "setsid": "Function not implemented",  # of the program's process, before execve
    "execve": "Function not implemented",
    "exit_group": "Function not implemented",  # with execve: the last word, after that on it
}


def filters_without(shop: Workshop, *names: str) -> tuple[str, str]:
    """The default profile as if it knew none of `names`: watched, plain."""
    written = json.loads(profile("default"))
    for rule in written["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name not in names]
    written["syscalls"] = [rule for rule in written["syscalls"] if rule["names"]]
    compiled = compile_filter(json.dumps(written).encode())
    watched, plain = (
        shop.folder / f"{kind}-without-{names[0]}.bpf" for kind in ("asking", "plain")
    )
    watched.write_bytes(compiled.watched)
    plain.write_bytes(compiled.bpf)
    return str(watched), str(plain)


@pytest.mark.parametrize("name", ENDS)
def test_a_start_ends_with_an_error_that_says_why(shop: Workshop, user: Caller, name: str) -> None:
    names = (name, "execve") if name == "exit_group" else (name,)
    watched, plain = filters_without(shop, *names)
    ended = shop.start(user, "/bin/true", filter=watched, plain=plain)
    assert ended.code in {4, 125, 126}, ended
    assert ENDS[name] in ended.err
    assert "Traceback" not in ended.err
