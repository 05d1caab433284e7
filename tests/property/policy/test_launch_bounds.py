"""A flag, an image, an environment variable or a user's policy can tighten, never loosen.

For every launch that is allowed, each effective setting is within the bounds of every policy that
had a say.
"""

from __future__ import annotations

from drawn_policies import asks, machines, policies
from hypothesis import given, settings
from policy_texts import built_in

from secure.facts.launch import CGROUP, LaunchAsk, MachineFacts
from secure.facts.verdict import ALLOW
from secure.policy.judge_launch import decide_launch
from secure.policy.lattice import meet
from secure.policy.rules.launch_case import IMAGE
from secure.policy.settings import LaunchBounds, Policy, Settings
from secure.value import replace

NOW = "2026-01-02T00:00:00Z"
# What no policy allows: left out in a second try, so that more launches are allowed.
HARMLESS = {
    "privileged": False,
    "devices": (),
    "host_namespaces": (),
    "security_opts": (),
    "user_named": True,
}


def excess(got: Settings, bounds: LaunchBounds, machine: MachineFacts) -> list[str]:
    """The settings that are looser than the bounds."""
    by_cgroup = {machine.memory, machine.cpu, machine.pids} == {CGROUP}
    holds = {
        "read_only_rootfs": got.read_only_rootfs or not bounds.read_only_rootfs,
        "no_new_privileges": got.no_new_privileges or not bounds.no_new_privileges,
        "uid": got.uid != 0 or bounds.root_user,
        "capabilities": set(got.capabilities) <= set(bounds.capabilities),
        "seccomp": got.seccomp in bounds.seccomp,
        "memory": 0 < got.memory_bytes <= bounds.memory_bytes.most,
        "pids": 0 < got.pids <= bounds.pids.most,
        "cpus": 0 < got.millicpus <= bounds.millicpus.most,
        "nofile": 0 < got.nofile <= bounds.nofile.most,
        "shares": 0 <= got.cpu_shares <= 1024,
        "tmpfs": sum(size for _, size in got.tmpfs) <= bounds.tmpfs_bytes.most,
        "tmpfs sizes": all(size > 0 for _, size in got.tmpfs),
        "shm": 0 < got.shm_bytes <= bounds.shm_bytes,
        "network": got.network == "none" or got.network in bounds.network,
        "binds": not got.binds or bounds.binds != "none",
        "writable binds": bounds.binds == "read-write" or all(b.read_only for b in got.binds),
        "system paths": not any(bind.touches for bind in got.binds),
        "kernel paths": not any(t[:5] in ("/proc", "/a/..") for t, _ in got.tmpfs),
        "limits": bounds.limits != "cgroup" or by_cgroup,
        "landlock": bounds.landlock != "required" or got.landlock,
    }
    return [name for name, held in holds.items() if not held]


def check(policy: Policy, sides: list[Policy], ask: LaunchAsk, machine: MachineFacts) -> None:
    image = replace(IMAGE, policy_digest=policy.digest)
    verdict, got = decide_launch(policy, ask, machine, image, NOW)
    if verdict.outcome == ALLOW:
        for side in sides:
            assert excess(got, side.launch, machine) == []


@settings(max_examples=300, deadline=None)
@given(policies(), asks(), machines())
def test_an_allowed_launch_is_within_the_policy(
    policy: Policy, ask: LaunchAsk, machine: MachineFacts
) -> None:
    check(policy, [policy], ask, machine)
    check(policy, [policy], replace(ask, **HARMLESS), machine)


@settings(max_examples=200, deadline=None)
@given(asks(), machines())
def test_an_allowed_launch_is_within_the_checklist(ask: LaunchAsk, machine: MachineFacts) -> None:
    checklist = built_in("checklist")
    check(checklist, [checklist], ask, machine)
    check(checklist, [checklist], replace(ask, **HARMLESS, uid=10001), machine)


@settings(max_examples=150, deadline=None)
@given(policies(), policies(), asks(), machines())
def test_an_allowed_launch_is_within_both_policies_that_met(
    system: Policy, user: Policy, ask: LaunchAsk, machine: MachineFacts
) -> None:
    check(meet(system, user), [system, user], replace(ask, **HARMLESS), machine)


@settings(max_examples=100, deadline=None)
@given(policies(), asks(), machines())
def test_what_is_not_allowed_names_a_rule(
    policy: Policy, ask: LaunchAsk, machine: MachineFacts
) -> None:
    image = replace(IMAGE, policy_digest=policy.digest)
    verdict, _ = decide_launch(policy, ask, machine, image, NOW)
    assert (verdict.outcome == ALLOW) == (
        not any(finding.outcome == "deny" for finding in verdict.findings)
        and verdict.outcome != "not checked"
    )
    assert verdict.outcome == ALLOW or verdict.findings


def test_the_properties_see_launches_that_are_allowed() -> None:
    """A control: were everything denied, the properties above would say nothing."""
    seen = {True: 0, False: 0}

    @settings(max_examples=200, deadline=None, database=None)
    @given(policies(), asks(), machines())
    def count(policy: Policy, ask: LaunchAsk, machine: MachineFacts) -> None:
        image = replace(IMAGE, policy_digest=policy.digest)
        verdict, _ = decide_launch(policy, ask, machine, image, NOW)
        seen[verdict.outcome == ALLOW] += 1

    count()
    assert min(seen.values()) > 20
