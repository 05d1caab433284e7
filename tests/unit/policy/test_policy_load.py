"""A wrong policy file is refused with every mistake, its line, column and key."""

from __future__ import annotations

import pytest
from policy_texts import HEAD, built_in, project, read_any

from secure.errors import PolicyFileError
from secure.policy.load import compose, parse


def mistakes(body: str, head: str = HEAD) -> list[str]:
    with pytest.raises(PolicyFileError) as refused:
        project(body, head)
    return refused.value.what.split("\n")


def test_an_unknown_key_is_named_with_its_place_and_the_likely_one() -> None:
    assert mistakes("rules:\n  IMG001: {severty: deny, ci: deny}\n") == [
        'project.yaml:6:12: unknown key "severty" in rule IMG001'
    ]
    assert mistakes("rules:\n  IMG001: {waivble: false}\n") == [
        'project.yaml:6:12: unknown key "waivble" in rule IMG001; did you mean "waivable"?'
    ]


def test_all_mistakes_of_a_file_are_told_at_once_in_order() -> None:
    found = mistakes("rules:\n  IMG01: {ci: deny}\n  IMG001: {ci: forbid}\nlaunch: {shm: big}\n")
    assert found == [
        'project.yaml:6:3: unknown key "IMG01" in rules; did you mean "IMG012"?',
        'project.yaml:7:16: rule IMG001, ci has to be one of off, warn, deny, found "forbid"',
        'project.yaml:8:15: launch.shm has to be a size such as 512MiB, found "big"',
    ]


def test_a_key_that_is_there_twice_is_a_mistake() -> None:
    assert mistakes("rules:\n  IMG001: {ci: deny, ci: deny}\n") == [
        'project.yaml:6:22: "ci" is there twice in rule IMG001, first in line 6'
    ]


def test_off_is_a_word_and_not_false() -> None:
    head = HEAD.replace("extends: checklist", "extends: base.yaml")
    base = built_in_text().replace(
        "IMG010: {ci: warn, launch: off}", "IMG010: {ci: off, launch: off}"
    )
    policy = compose("p.yaml", read_any({"p.yaml": head, "base.yaml": base}))
    assert policy.rule("IMG010").ci == "off"


def built_in_text() -> str:
    return read_any({})("checklist").decode()


@pytest.mark.parametrize(
    ("launch", "message"),
    [
        (
            "memory: {default: 2GiB, max: 1GiB}",
            "launch.memory.default 2GiB contradicts launch.memory.max 1GiB",
        ),
        ("capabilities: {allow: [], default: [KILL]}", "default CAP_KILL contradicts"),
        ("seccomp: {allow: [strict], default: default}", "default default contradicts"),
        ("network: {allow: []}", "launch.network.allow allows nothing"),
        ("tmpfs: {default: 8MiB, max: 8MiB}", "2 paths need 16MiB"),
        ("capabilities: {allow: [NET_BIND_SERVIC]}", 'did you mean "CAP_NET_BIND_SERVICE"?'),
        ("memory: 512MiB", "launch.memory has to be a mapping"),
        ("pids: {max: many}", 'launch.pids.max has to be a whole number, found "many"'),
        ("pids: {max: 0}", "launch.pids.max is 0, the least is 1"),
        ("cpus: {max: 1.23456}", "a number of processors such as 1.5"),
        ("read_only_rootfs: 'true'", "has to be true or false"),
        ("tmpfs: {paths: [/tmp/../proc]}", "is not a plain absolute path"),
        ("seccomp: {allow: [unconfined]}", 'knows default, web, batch, strict, found "unconfined"'),
    ],
)
def test_a_contradicting_or_mistyped_launch_setting_is_refused(launch: str, message: str) -> None:
    found = mistakes(f"launch:\n  {launch}\n")
    assert any(line.startswith("project.yaml:6:") and message in line for line in found), found


def test_capabilities_allowed_and_denied_at_once_contradict() -> None:
    base = built_in_text().replace("[NET_BIND_SERVICE]", "[NET_BIND_SERVICE, SYS_ADMIN]")
    with pytest.raises(
        PolicyFileError, match=r"base\.yaml:[0-9]+:25.*CAP_SYS_ADMIN, which rule RUN003"
    ):
        compose("base.yaml", read_any({"base.yaml": base}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("rules: {IMG001: {ci: warn}}", "rules.IMG001.ci warn is looser than deny of policies/"),
        ("launch: {memory: {max: 128GiB}}", "launch.memory.max 128GiB is looser than 64GiB of"),
        ("launch: {root_user: true}", "launch.root_user true is looser than false of"),
        ("launch: {capabilities: {allow: [KILL]}}", "[CAP_KILL] is looser than [CAP_NET_BIND"),
        ("rules: {CON016: {parameters: {packages: 300}}}", "300 is looser than 250"),
        ("rules: {CON006: {parameters: {allow: [/opt/x]}}}", "is looser than"),
        ("waiving: {max_days: 365}", "waiving.max_days 365 is looser than 180"),
    ],
)
def test_a_file_that_extends_another_cannot_loosen_it(body: str, message: str) -> None:
    (found,) = mistakes(body + "\n")
    assert found.startswith("project.yaml:5:")
    assert message in found
    assert "policies/checklist.yaml:" in found or "rule default" in found


def test_a_locked_rule_cannot_be_switched_off_or_waived() -> None:
    assert "rule RUN001 is locked" in mistakes("rules: {RUN001: {launch: off}}\n")[0]
    assert "rule RUN021 is locked" in mistakes("rules: {RUN021: {waivable: true}}\n")[0]


def test_a_launch_rule_has_no_ci_stage() -> None:
    assert "judged at launch only" in mistakes("rules: {RUN008: {ci: deny}}\n")[0]


def test_a_default_follows_the_most_that_was_tightened() -> None:
    policy = project("launch: {memory: {max: 100MiB}, capabilities: {allow: []}}\n")
    assert policy.launch.memory_bytes.default == 100 << 20
    assert policy.origin("launch.memory.default") == "project.yaml:5:24"


def test_a_policy_that_extends_nothing_has_to_say_everything() -> None:
    head = HEAD.replace("extends: checklist\n", "")
    found = mistakes("rules: {IMG001: {ci: deny, launch: deny}}\n", head)
    assert "needs launch.read_only_rootfs" in found[0]
    assert 'add "extends: checklist"' in found[0]


def test_a_policy_without_rules_decides_nothing() -> None:
    text = built_in_text()
    base = text[: text.index("rules:")] + text[text.index("launch:\n  read_only") :]
    with pytest.raises(PolicyFileError, match="a policy without rules decides nothing"):
        compose("base.yaml", read_any({"base.yaml": base}))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.yaml": "b.yaml", "b.yaml": "a.yaml"}, "a cycle: a.yaml -> b.yaml -> a.yaml"),
        ({"a.yaml": "a.yaml"}, "a cycle: a.yaml -> a.yaml"),
        ({f"{n}.yaml": f"{n + 1}.yaml" for n in range(20)} | {"a.yaml": "0.yaml"}, "more than 8"),
    ],
)
def test_extends_is_bounded(files: dict[str, str], why: str) -> None:
    bodies = {
        name: HEAD.replace("extends: checklist", f"extends: {base}") for name, base in files.items()
    }
    with pytest.raises(PolicyFileError, match=why):
        compose("a.yaml", read_any(bodies))


def test_a_path_is_relative_to_the_file_that_names_it() -> None:
    files = {
        "team/app.yaml": HEAD.replace("extends: checklist", "extends: ../base.yaml"),
        "base.yaml": HEAD,
    }
    assert compose("team/app.yaml", read_any(files)).launch == built_in("checklist").launch


def test_a_mistake_in_the_base_names_the_base() -> None:
    files = {
        "app.yaml": HEAD.replace("extends: checklist", "extends: base.yaml"),
        "base.yaml": HEAD + "rule: {}\n",
    }
    with pytest.raises(PolicyFileError, match=r'^base\.yaml:5:1: unknown key "rule"'):
        compose("app.yaml", read_any(files))


def test_every_value_knows_the_line_that_set_it() -> None:
    policy = project("launch:\n  shm: 1MiB\n")
    assert policy.origin("launch.shm") == "project.yaml:6:8"
    assert policy.origin("launch.binds").startswith("policies/checklist.yaml:")


@pytest.mark.parametrize("missing", ["rule", "owner", "reason", "expires", "scope"])
def test_a_waiver_needs_owner_reason_expiry_and_scope(missing: str) -> None:
    lines = {
        "rule": "IMG002",
        "owner": "web team",
        "reason": "fixed in 2.0",
        "expires": "2026-03-01",
        "scope": "{path: /x}",
    }
    body = "waivers:\n  - " + "\n    ".join(f"{k}: {v}" for k, v in lines.items() if k != missing)
    assert mistakes(body + "\n") == [f'project.yaml:6:5: a waiver needs "{missing}"']


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("expires: 2026-02-30", "expires has to be a date"),
        ("expires: tomorrow", "expires has to be a date"),
        ("rule: IMG999", 'a waiver of an unknown rule "IMG999"'),
        ("rule: RUN001", "rule RUN001 is locked: nothing waives it"),
        ("scope: {}", "a scope needs at least one of"),
        ("scope: {image: 'Not A Name'}", "is not an image name"),
        ("scope: {digest: sha256:12}", "digest of a scope has a wrong form"),
        ("scope: {path: '/'}", "path of a scope has a wrong form"),
        ("owner: ''", "owner of a waiver is empty"),
    ],
)
def test_a_wrong_waiver_is_refused(changed: str, message: str) -> None:
    lines = dict(
        line.split(": ", 1)
        for line in ("rule: IMG002", "owner: me", "reason: why", "expires: 2026-03-01")
    )
    lines["scope"] = "{path: /x}"
    name, held = changed.split(": ", 1)
    lines[name] = held
    body = "waivers:\n  - " + "\n    ".join(f"{k}: {v}" for k, v in lines.items())
    assert any(message in line for line in mistakes(body + "\n"))


def test_a_waiver_of_a_rule_that_may_not_be_waived_names_who_says_so() -> None:
    head = HEAD.replace("checklist", "hardened")
    waiver = "{rule: CON004, owner: a, reason: b, expires: 2026-03-01, scope: {path: /x}}"
    body = f"waivers:\n  - {waiver}\n"
    (found,) = mistakes(body, head)
    assert "rule CON004 may not be waived: policies/hardened.yaml:" in found


@pytest.mark.parametrize(
    "trusted",
    [
        "registries: ['ghcr.io/x']",
        "registries: [notaregistry]",
        "repositories: ['ghcr.io/x:1']",
        "digests: [sha256:00]",
        "base_layers: {debian: []}",
        "base_layers: {debian: [sha256:00]}",
        "base_layer: {}",
    ],
)
def test_a_wrong_trusted_list_is_refused(trusted: str) -> None:
    assert mistakes(f"trusted:\n  {trusted}\n")[0].startswith("project.yaml:6:")


def test_parse_reads_one_file_without_what_it_extends() -> None:
    file = parse("x.yaml", (HEAD + "launch: {shm: 2MiB}\n").encode())
    assert (file.extends, file.values) == ("checklist", {"launch.shm": 2 << 20})
