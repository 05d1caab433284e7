"""The launch gate: what is asked for and looser than the policy is denied, tighter is taken."""

from __future__ import annotations

import pytest
from policy_texts import built_in, project

from secure.facts.launch import CGROUP, NOT_ENFORCED, PARTLY, BindAsk, LaunchAsk, MachineFacts
from secure.facts.verdict import ALLOW, CI, DENY, LAUNCH, NOT_CHECKED, Verdict
from secure.policy.judge_launch import decide_launch
from secure.policy.rules.launch_case import ASK, IMAGE, MACHINE
from secure.policy.settings import Policy, Settings
from secure.value import replace

NOW = "2026-01-02T00:00:00Z"
CHECKLIST = built_in("checklist")


def judge(
    ask: LaunchAsk = ASK,
    *,
    policy: Policy = CHECKLIST,
    machine: MachineFacts = MACHINE,
    **image: object,
) -> tuple[Verdict, Settings]:
    verdict = replace(IMAGE, policy_digest=policy.digest, **image)
    return decide_launch(policy, ask, machine, verdict, NOW)


def denied_by(ask: LaunchAsk, policy: Policy = CHECKLIST) -> set[str]:
    verdict, _ = judge(ask, policy=policy)
    assert (verdict.outcome == DENY) == any(f.outcome == DENY for f in verdict.findings)
    return {finding.rule for finding in verdict.findings if finding.outcome == DENY}


def bind(
    source: str = "/srv/x", *, touches: str = "", kind: str = "directory", read_only: bool = True
) -> BindAsk:
    return BindAsk(source, "/x", read_only, touches, kind)


def test_a_plain_launch_is_allowed_and_limited_by_the_policy() -> None:
    verdict, settings = judge()
    assert verdict.outcome == ALLOW
    assert settings.read_only_rootfs
    assert settings.no_new_privileges
    assert settings.capabilities == ()
    assert settings.seccomp == "default"
    assert settings.memory_bytes == 512 << 20
    assert (settings.pids, settings.millicpus, settings.nofile) == (256, 1000, 1024)
    assert settings.tmpfs == (("/run", 64 << 20), ("/tmp", 64 << 20))
    assert settings.network == "none"
    assert settings.origin("memory_bytes") == "policy checklist"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"uid": 0}, "RUN005"),
        ({"uid": 0, "user_named": False}, "RUN005"),
        ({"privileged": True}, "RUN001"),
        ({"cap_add": ("CAP_NET_RAW",)}, "RUN002"),
        ({"cap_add": ("CAP_SYS_ADMIN",)}, "RUN003"),
        ({"cap_add": ("ALL",)}, "RUN002"),
        ({"cap_add": ("CAP_NOTHING",)}, "RUN002"),
        ({"cap_drop": ("CAP_NOTHING",)}, "RUN002"),
        ({"no_new_privileges": False}, "RUN004"),
        ({"read_only_rootfs": False}, "RUN006"),
        ({"seccomp": "unconfined"}, "RUN018"),
        ({"seccomp": "/etc/mine.json"}, "RUN018"),
        ({"security_opts": ("seccomp=unconfined",)}, "RUN018"),
        ({"security_opts": ("apparmor=unconfined",)}, "RUN019"),
        ({"security_opts": ("label:disable",)}, "RUN019"),
        ({"security_opts": ("no-new-privileges:false",)}, "RUN004"),
        ({"security_opts": ("systempaths=unconfined",)}, "RUN025"),
        ({"security_opts": ("whatever",)}, "RUN036"),
        ({"memory_bytes": 0}, "RUN008"),
        ({"memory_bytes": -1}, "RUN008"),
        ({"memory_bytes": 65 << 30}, "RUN008"),
        ({"millicpus": 300_000}, "RUN009"),
        ({"pids": -1}, "RUN010"),
        ({"nofile": 1 << 20}, "RUN011"),
        ({"network": "bridge"}, "RUN012"),
        ({"host_namespaces": ("pid",)}, "RUN013"),
        ({"host_namespaces": ("ipc",)}, "RUN014"),
        ({"host_namespaces": ("uts",)}, "RUN015"),
        ({"host_namespaces": ("user",)}, "RUN016"),
        ({"host_namespaces": ("cgroup",)}, "RUN017"),
        ({"host_namespaces": ("net",)}, "RUN012"),
        ({"host_namespaces": ("time",)}, "RUN036"),
        ({"devices": ("/dev/sda",)}, "RUN024"),
        ({"tmpfs": (("/cache", 8 << 30),)}, "RUN007"),
        ({"tmpfs": (("/cache", -1),)}, "RUN007"),
        ({"tmpfs": (("/dev/shm", 1 << 40),)}, "RUN039"),
        ({"tmpfs": (("/proc", 0),)}, "RUN025"),
        ({"tmpfs": (("/a/../sys", 0),)}, "RUN025"),
        ({"tmpfs": (("/", 0),)}, "RUN025"),
        ({"binds": (bind("/", touches="/"),)}, "RUN021"),
        ({"binds": (bind("/etc", touches="/etc"),)}, "RUN021"),
        ({"binds": (bind("~/link", touches="/proc"),)}, "RUN021"),
        ({"binds": (bind("/x", touches="secure's own state"),)}, "RUN021"),
        (
            {"binds": (bind("/x", touches="an engine socket (/run/docker.sock)", kind="socket"),)},
            "RUN020",
        ),
        ({"binds": (bind("/run/bus", kind="socket"),)}, "RUN020"),
        ({"binds": (bind("/dev/sda", kind="device"),)}, "RUN024"),
        ({"binds": (BindAsk("/srv/x", "/proc/1", True, "", "directory"),)}, "RUN025"),
    ],
)
def test_what_must_be_refused_is_refused(changes: dict[str, object], rule: str) -> None:
    assert rule in denied_by(replace(ASK, **changes))


def test_a_bound_holds_even_where_the_rule_is_off() -> None:
    policy = replace(CHECKLIST, rules=())
    assert denied_by(replace(ASK, cap_add=("CAP_NET_RAW",)), policy) == {"RUN002"}
    assert denied_by(replace(ASK, privileged=True), policy) == {"RUN001"}


@pytest.mark.parametrize(
    ("bound", "ask", "machine", "rule"),
    [
        ({"binds": "read-only"}, {"binds": (bind(read_only=False),)}, {}, "RUN022"),
        ({"binds": "none"}, {"binds": (bind(),)}, {}, "RUN022"),
        ({"limits": "cgroup"}, {}, {"memory": PARTLY}, "RUN008"),
        ({"limits": "cgroup"}, {}, {"cpu": NOT_ENFORCED}, "RUN009"),
        ({"limits": "cgroup"}, {}, {"pids": PARTLY}, "RUN010"),
        ({"landlock": "required"}, {}, {"landlock_abi": 0}, "RUN019"),
        ({"network": ("none",)}, {"network": "host"}, {}, "RUN012"),
        ({"seccomp": ("strict",)}, {"seccomp": "default"}, {}, "RUN018"),
        ({"seccomp": ()}, {}, {}, "RUN018"),
        ({}, {"read_only_rootfs": False}, {}, "RUN006"),
        ({}, {"no_new_privileges": False}, {}, "RUN004"),
        ({}, {"uid": 0}, {}, "RUN005"),
    ],
)
def test_each_bound_denies_by_itself(
    bound: dict[str, object], ask: dict[str, object], machine: dict[str, object], rule: str
) -> None:
    policy = replace(CHECKLIST, rules=(), launch=replace(CHECKLIST.launch, **bound))
    verdict, _ = judge(replace(ASK, **ask), policy=policy, machine=replace(MACHINE, **machine))
    assert [(f.rule, f.outcome) for f in verdict.findings] == [(rule, DENY)]


def test_the_default_profile_is_the_next_stricter_that_is_allowed() -> None:
    policy = replace(CHECKLIST, launch=replace(CHECKLIST.launch, seccomp=("strict",)))
    assert judge(policy=policy)[1].seccomp == "strict"


def test_tighter_asks_are_taken_and_say_who_asked() -> None:
    ask = replace(
        ASK,
        memory_bytes=64 << 20,
        pids=10,
        seccomp="strict",
        tmpfs=(("/tmp", 1 << 20),),
        cap_add=("CAP_NET_BIND_SERVICE",),
        origins=(
            ("memory_bytes", "flag --memory"),
            ("cap_add", "flag --cap-add"),
            ("uid", "image"),
        ),
    )
    verdict, settings = judge(ask)
    assert verdict.outcome == ALLOW
    assert (settings.memory_bytes, settings.pids, settings.seccomp) == (64 << 20, 10, "strict")
    assert settings.tmpfs == (("/run", 64 << 20), ("/tmp", 1 << 20))
    assert settings.capabilities == ("CAP_NET_BIND_SERVICE",)
    assert settings.origin("memory_bytes") == "flag --memory"
    assert settings.origin("capabilities") == "flag --cap-add"
    assert settings.origin("uid") == "image"


def test_what_a_policy_leaves_open_is_off_unless_asked_for_and_warned_of() -> None:
    open_bounds = replace(CHECKLIST.launch, read_only_rootfs=False, no_new_privileges=False)
    policy = replace(CHECKLIST, launch=open_bounds, rules=())
    assert not judge(policy=policy)[1].read_only_rootfs
    assert judge(replace(ASK, read_only_rootfs=True), policy=policy)[1].read_only_rootfs
    strict = replace(policy, rules=CHECKLIST.rules)
    assert {f.rule for f in judge(policy=strict)[0].findings} == {"RUN004", "RUN006"}


def test_a_refused_ask_is_named_and_not_applied() -> None:
    ask = replace(ASK, memory_bytes=65 << 30, origins=(("memory_bytes", "flag --memory"),))
    verdict, settings = judge(ask)
    assert settings.memory_bytes == 512 << 20
    assert settings.origin("memory_bytes") == "policy checklist (flag --memory refused)"
    (finding,) = [f for f in verdict.findings if f.rule == "RUN008"]
    assert (finding.found, finding.wanted) == ("65 GiB", "at most 64 GiB")


def test_dropping_all_capabilities_drops_the_defaults_too() -> None:
    policy = replace(
        CHECKLIST,
        launch=replace(CHECKLIST.launch, default_capabilities=("CAP_NET_BIND_SERVICE",)),
    )
    assert judge(policy=policy)[1].capabilities == ("CAP_NET_BIND_SERVICE",)
    assert judge(replace(ASK, cap_drop=("ALL",)), policy=policy)[1].capabilities == ()
    both = replace(ASK, cap_drop=("ALL",), cap_add=("CAP_NET_BIND_SERVICE",))
    assert judge(both, policy=policy)[1].capabilities == ("CAP_NET_BIND_SERVICE",)


def test_a_bind_mount_takes_the_place_of_a_default_tmpfs() -> None:
    _, settings = judge(replace(ASK, binds=(BindAsk("/srv/t", "/tmp", True, "", "directory"),)))
    assert settings.tmpfs == (("/run", 64 << 20),)


@pytest.mark.parametrize("state", [PARTLY, NOT_ENFORCED])
def test_a_limit_that_cannot_be_enforced_is_named_and_hardened_refuses_it(state: str) -> None:
    machine = replace(
        MACHINE, memory=state, limits_by="rlimits", limits_do="As root: secure setup delegate"
    )
    verdict, _ = judge(machine=machine)
    (finding,) = verdict.findings
    assert verdict.outcome == ALLOW
    assert (finding.rule, finding.outcome, finding.at) == ("RUN008", "warn", "memory limit")
    assert "enforced (rlimits)" in finding.found
    assert finding.fix == "As root: secure setup delegate"
    hardened = judge(policy=built_in("hardened"), machine=machine)[0]
    assert hardened.outcome == DENY
    assert [f.rule for f in hardened.findings] == ["RUN008"]


def test_hardened_allows_a_launch_whose_limits_a_cgroup_enforces() -> None:
    assert MACHINE.memory == CGROUP
    verdict, settings = judge(policy=built_in("hardened"))
    assert verdict.outcome == ALLOW
    assert (settings.limits, settings.seccomp) == ("cgroup", "strict")


def test_hardened_refuses_writable_binds_and_the_network_of_the_host() -> None:
    hardened = built_in("hardened")
    assert denied_by(replace(ASK, binds=(bind(read_only=False),)), hardened) == {"RUN022"}
    assert denied_by(replace(ASK, network="host"), hardened) == {"RUN012"}


def test_the_checklist_warns_of_writable_binds_host_network_and_secrets() -> None:
    ask = replace(ASK, binds=(bind(read_only=False),), network="host", env_secret_names=("TOKEN",))
    verdict, settings = judge(ask)
    assert verdict.outcome == ALLOW
    assert {(f.rule, f.outcome) for f in verdict.findings} == {
        ("RUN012", "warn"),
        ("RUN022", "warn"),
        ("RUN029", "warn"),
    }
    assert settings.network == "host"


def test_a_machine_without_user_namespaces_or_seccomp_is_refused() -> None:
    assert judge(machine=replace(MACHINE, user_namespaces="off: sysctl"))[0].outcome == DENY
    assert judge(machine=replace(MACHINE, seccomp=False))[0].outcome == DENY


def test_no_landlock_is_a_warning_and_for_hardened_a_refusal() -> None:
    machine = replace(MACHINE, landlock_abi=0)
    assert judge(machine=machine)[0].outcome == ALLOW
    assert not judge(machine=machine)[1].landlock
    assert judge(machine=machine, policy=built_in("hardened"))[0].outcome == DENY


@pytest.mark.parametrize(
    ("image", "outcome", "found"),
    [
        ({"outcome": DENY}, DENY, "denied by"),
        ({"outcome": NOT_CHECKED}, NOT_CHECKED, "could not be decided"),
        ({"policy_digest": "f" * 64}, NOT_CHECKED, "judged under another policy"),
        ({"stage": CI}, NOT_CHECKED, "judged for stage ci"),
        ({"decided_at": "2025-11-01T00:00:00Z"}, NOT_CHECKED, "judged 62 days ago"),
        ({"decided_at": "2027-11-01T00:00:00Z"}, NOT_CHECKED, "which is not before now"),
        ({"decided_at": "never"}, NOT_CHECKED, "which is not before now"),
    ],
)
def test_the_image_has_to_be_allowed_by_this_policy_and_lately(
    image: dict[str, object], outcome: str, found: str
) -> None:
    changes = {"policy_digest": CHECKLIST.digest, **image}
    verdict, _ = decide_launch(CHECKLIST, ASK, MACHINE, replace(IMAGE, **changes), NOW)
    assert verdict.outcome == outcome
    assert found in verdict.findings[0].found


def test_without_a_verdict_on_the_image_nothing_is_decided() -> None:
    verdict, _ = decide_launch(CHECKLIST, ASK, MACHINE, None, NOW)
    assert verdict.outcome == NOT_CHECKED
    assert verdict.stage == LAUNCH


def test_a_waiver_that_expired_since_the_image_was_judged_reopens_the_verdict() -> None:
    body = (
        "waivers:\n  - {rule: IMG001, owner: a, reason: b, expires: 2026-01-01,"
        " scope: {path: /x}}\n"
    )
    policy = project(body)
    judged = replace(IMAGE, policy_digest=policy.digest, decided_at="2026-01-01T08:00:00Z")
    verdict, _ = decide_launch(policy, ASK, MACHINE, judged, NOW)
    assert verdict.outcome == NOT_CHECKED
    assert "a waiver expired" in verdict.findings[0].found
