"""Each rule finds its own sample and leaves its negatives; the engine masks what it finds."""

from __future__ import annotations

import base64
from random import Random

import pytest
from scanning import engine

from secure.scan.secrets.engine import Engine, Flooded, Found, fingerprint, masked
from secure.scan.secrets.entropy import is_filler, shannon
from secure.scan.secrets.rule import SecretRule
from secure.scan.secrets.rules import RULES
from secure.scan.secrets.rules.github import checksum
from secure.scan.secrets.samples import BASE62, BASE64, HEX, draw

SEEDS = range(8)


def found_in(text: str | bytes, name: bytes = b"", *, binary: bool = False) -> list[Found]:
    raw = text.encode() if isinstance(text, str) else text
    found = [i[1] for i in engine().search([raw], binary=binary) if not isinstance(i, Flooded)]
    return found + list(engine().search_named(name, raw))


def ids(found: list[Found]) -> set[str]:
    return {item.rule.id for item in found}


def test_there_are_more_than_forty_rules_with_different_ids() -> None:
    assert len(RULES) >= 40
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_samples(rule: SecretRule) -> None:
    name = rule.names[0] if rule.names else b""
    for seed in SEEDS:
        sample = rule.sample(Random(seed))
        text = f"x = 1\n{sample}\ny = 2\n"
        assert rule.id in ids(found_in(text, name)), f"seed {seed}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_leaves_its_negatives(rule: SecretRule) -> None:
    name = rule.names[0] if rule.names else b""
    for negative in rule.negatives:
        found = [f for f in found_in(f"x = 1\n{negative}\n", name) if f.severity != "low"]
        assert found == [], negative[:60]


@pytest.mark.parametrize("rule", [r for r in RULES if r.binaries], ids=lambda rule: rule.id)
def test_strong_forms_are_found_in_compiled_files(rule: SecretRule) -> None:
    raw = b"\x7fELF\0\0" + rule.sample(Random(1)).encode() + b"\0\xff"
    assert rule.id in ids(found_in(raw, binary=True))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_finding_tells_its_value(rule: SecretRule) -> None:
    sample = rule.sample(Random(3))
    for item in found_in(sample, rule.names[0] if rule.names else b""):
        assert len(item.masked.replace("*", "")) <= 4
        assert item.masked.replace("*", "x") not in sample


def test_a_github_token_with_a_wrong_checksum_is_none() -> None:
    part = draw(Random(5), BASE62, 30)
    right = "ghp_" + part + checksum(part.encode()).decode()
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert ids(found_in(right)) == {"github-token"}
    assert found_in(wrong) == []


def test_documented_example_keys_are_low() -> None:
    text = "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI"
    text += "/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n"
    assert {(f.rule.id, f.severity) for f in found_in(text)} == {
        ("aws-access-key-id", "low"),
        ("aws-secret-access-key", "low"),
    }


def test_test_mode_keys_are_low() -> None:
    (found,) = found_in("sk_" + "test_" + draw(Random(2), BASE62, 24))
    assert found.severity == "low"


def test_an_encrypted_private_key_is_low() -> None:
    body = "\n".join(draw(Random(n), BASE64, 64) for n in range(8))
    head = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n"
    text = f"-----BEGIN RSA PRIVATE KEY-----\n{head}{body}\n-----END RSA PRIVATE KEY-----\n"
    (found,) = found_in(text)
    assert found.severity == "low"


@pytest.mark.parametrize(("cipher", "severity"), [(b"none", "critical"), (b"aes256-ctr", "low")])
def test_an_openssh_key_tells_whether_it_is_locked(cipher: bytes, severity: str) -> None:
    noise = Random(7).randbytes(200)
    raw = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + noise
    body = base64.encodebytes(raw).decode()
    label = "OPENSSH PRIVATE KEY"
    (found,) = found_in(f"-----BEGIN {label}-----\n{body}-----END {label}-----\n")
    assert found.severity == severity


def test_a_key_inside_json_is_found() -> None:
    body = "\\n".join(draw(Random(n), BASE64, 64) for n in range(8))
    text = (
        f'{{"private_key": "-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n"}}'
    )
    assert ids(found_in(text)) == {"private-key"}


@pytest.mark.parametrize(
    "text",
    [
        "id = 123e4567-e89b-42d3-a456-426614174000",
        "commit " + draw(Random(1), HEX, 40),
        '"integrity": "sha512-' + draw(Random(1), BASE64, 86) + '=="',
        "golang.org/x/net v0.1.0 h1:" + draw(Random(2), BASE64, 43) + "=",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + draw(Random(3), BASE64, 43),
        "data:image/png;base64," + draw(Random(4), BASE64, 400),
        "password: changeme",
        "token: xxxxxxxxxxxxxxxxxxxx",
        "api_key = ${API_KEY}",
        "secret = '<your-secret-here-1>'",
        "password = aaaaaaaaaaaaaaaa1",
        "root:!:19000:0:99999:7:::",
        "db:*:19000:0:99999:7:::",
    ],
)
def test_what_only_looks_random_is_no_secret(text: str) -> None:
    assert found_in(text) == []


def test_overlapping_matches_count_once() -> None:
    part = draw(Random(5), BASE62, 30)
    token = "ghp_" + part + checksum(part.encode()).decode()
    assert ids(found_in(f'api_token = "{token}"')) == {"github-token"}


def test_parts_do_not_run_into_each_other() -> None:
    token = "dop_v1_" + draw(Random(1), HEX, 64)
    halves = [token[:30].encode(), token[30:].encode()]
    assert list(engine().search(halves)) == []


def test_each_hit_is_given_to_its_part() -> None:
    parts = [b"nothing\n", ("a\nb glpat-" + draw(Random(1), BASE62, 20)).encode(), b""]
    ((number, item),) = [i for i in engine().search(parts) if not isinstance(i, Flooded)]
    assert (number, item.start) == (1, 4)


def test_a_flooding_part_hides_nothing_in_the_others() -> None:
    flood = b"password=aaaaaaaaaaaa\n" * 60_000
    secret = ("glpat-" + draw(Random(1), BASE62, 20)).encode()
    items = list(engine().search([flood, secret]))
    assert Flooded(0) in items
    assert [i[1].rule.id for i in items if not isinstance(i, Flooded)] == ["gitlab-token"]


def test_a_flood_is_searched_as_far_as_it_goes() -> None:
    secret = ("glpat-" + draw(Random(1), BASE62, 20)).encode()
    items = list(engine().search([secret + b"\n" + b"password=aaaaaaaaaaaa\n" * 60_000]))
    assert Flooded(0) in items
    assert [i[1].rule.id for i in items if not isinstance(i, Flooded)] == ["gitlab-token"]


def test_many_close_hits_take_linear_time() -> None:
    line = b"password = " + draw(Random(1), BASE62, 20).encode() + b"\n"
    found = list(engine().search([line * 5_000]))
    assert len(found) == 5_000


def test_masks_show_four_characters_at_most_and_none_of_short_values() -> None:
    assert masked(b"abcdefghijklmnop") == "ab********op"
    assert masked(b"hunter2") == "********"
    assert masked("schlüssel-lang".encode()) == "sc********ng"


def test_a_fingerprint_depends_on_rule_and_value() -> None:
    assert fingerprint("a", b"x") == fingerprint("a", b"x")
    assert len({fingerprint("a", b"x"), fingerprint("b", b"x"), fingerprint("a", b"y")}) == 3
    assert len(fingerprint("a", b"x")) == 32


def test_entropy_is_bits_per_byte() -> None:
    assert shannon(b"") == 0
    assert shannon(b"aaaa") == 0
    assert shannon(bytes(range(256))) == 8


@pytest.mark.parametrize("value", [b"aaaaaaaa", b"1234567890", b"CHANGEME", b"${X}", b"password"])
def test_filler_is_known(value: bytes) -> None:
    assert is_filler(value)


def test_a_damaged_compiled_database_is_made_again(tmp_path: object) -> None:
    folder = str(tmp_path)
    Engine(folder)
    from pathlib import Path

    for path in Path(folder, "secret-rules").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    text = ("glpat-" + draw(Random(1), BASE62, 20)).encode()
    assert list(Engine(folder).search([text]))
