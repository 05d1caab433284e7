"""Realistic audit reports for tests: one image refused, one image run."""

from __future__ import annotations

import hashlib

from secure.facts.evidence import Difference, Enforcement, Evidence, MountFact
from secure.facts.files import FileFact, FileTag, OsRelease
from secure.facts.image import ConfigFacts, ImageFacts, Unreadable
from secure.facts.location import Layer, Location
from secure.facts.package import Package
from secure.facts.secret import Secret, SecretPlace
from secure.facts.verdict import Finding, Verdict
from secure.report.audit_report import (
    KILLED,
    REFUSED,
    STARTED,
    AuditReport,
    Chain,
    Launch,
    Subject,
)

NOW = "2026-11-24T07:30:00.123Z"


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def facts(reference: str = "shop.tar", packages: int = 40) -> ImageFacts:
    """An image with a secret in its environment, one in its history and one that was deleted."""
    found = tuple(
        Package(
            type="deb",
            name=f"lib{number:04}",
            version=f"1.{number}-2+deb12u1",
            arch="amd64",
            licences=("LGPL-2.1-or-later",),
            location=Location("var/lib/dpkg/status", number % 2),
            found_by="dpkg",
        )
        for number in range(packages)
    )
    history = ("ADD rootfs.tar.xz /", "ENV CLOUD_KEY=key-from-history", "COPY shop /usr/bin/shop")
    return ImageFacts(
        reference=reference,
        digest=digest(reference),
        config_digest=digest("config " + reference),
        config=ConfigFacts(
            user="root",
            env=("PATH=/usr/bin:/bin", "CLOUD_KEY=key-from-environment"),
            cmd=("/usr/bin/shop", "--port", "8080"),
            labels={"maintainer": "shop@example.org", "token": "token-from-label"},
            created="2026-10-01T12:00:00Z",
            os="linux",
            architecture="amd64",
        ),
        layers=(
            Layer(0, digest("layer 0"), digest("blob 0"), 28_204_311, history[0]),
            Layer(1, digest("layer 1"), digest("blob 1"), 1_204_311, history[2]),
            Layer(2, digest("layer 2"), digest("blob 2"), 412, history[1]),
        ),
        packages=found,
        files=(
            FileFact(Location("usr/bin/su", 0), (FileTag.SETUID,), 0o4755, 0, 0),
            FileFact(Location("usr/bin/bash", 0), (FileTag.SHELL,), 0o755, 0, 0),
            FileFact(
                Location("usr/bin/ping", 0),
                (FileTag.CAPABILITIES,),
                0o755,
                0,
                0,
                detail="cap_net_raw=ep",
            ),
        ),
        secrets=(
            Secret(
                "SEC001",
                "Cloud access key",
                "critical",
                SecretPlace.ENV,
                "ke****nt",
                "a" * 32,
                key="CLOUD_KEY",
            ),
            Secret(
                "SEC001",
                "Cloud access key",
                "critical",
                SecretPlace.HISTORY,
                "ke****ry",
                "b" * 32,
                key="1",
            ),
            Secret("SEC002", "Token", "high", SecretPlace.LABEL, "to****el", "d" * 32, key="token"),
            Secret(
                "SEC010",
                "Private key",
                "high",
                SecretPlace.FILE,
                "--****--",
                "c" * 32,
                location=Location("root/.ssh/id_ed25519", 1, deleted_by=2),
                line=1,
            ),
        ),
        accounts=(),
        os_release=OsRelease(id="debian", version_id="12", pretty_name="Debian GNU/Linux 12"),
        unreadable=(Unreadable("opt/large.bin", 1, "larger than 16 MiB: not searched"),),
        complete=True,
        entries=7_412,
        uncompressed_bytes=91_204_311,
        tool_version="0.1.0",
        scanned_at=NOW,
        repo_tags=("shop:latest",),
        history=history,
    )


def finding(rule: str, severity: str, **changes: str) -> Finding:
    known = {
        "title": "The image runs as a user that is not root",
        "at": "config.User",
        "found": "root",
        "wanted": "a user that is not root",
        "outcome": "deny",
        "fix": "Add `USER 10001` after the last instruction that needs root.",
        "fingerprint": "f" * 32,
    }
    return Finding(rule=rule, severity=severity, **{**known, **changes})


def verdict(
    outcome: str = "deny", stage: str = "ci", findings: tuple[Finding, ...] = ()
) -> Verdict:
    return Verdict(
        outcome=outcome,
        stage=stage,
        subject=digest("shop.tar"),
        policy="checklist",
        policy_digest=digest("policy"),
        findings=findings,
        passed=("IMG002", "IMG003", "FIL001", "RUN001"),
        decided_at=NOW,
        notes=("waiver for IMG014 expires in 6 days",) if findings else (),
    )


def evidence() -> Evidence:
    capabilities = ("inheritable", "permitted", "effective", "bounding", "ambient")
    names = ("user", "mnt", "pid", "net", "uts", "ipc", "cgroup")
    covered = ("nodev", "noexec", "nosuid", "ro")
    return Evidence(
        pid=4711,
        uids=(1000, 1000, 1000, 1000),
        gids=(1000, 1000, 1000, 1000),
        groups=(27,),
        uid_map=((10001, 1000, 1),),
        gid_map=((10001, 1000, 1),),
        capabilities=tuple((name, 0) for name in capabilities),
        no_new_privileges=True,
        seccomp_mode=2,
        seccomp_filters=1,
        namespaces=tuple((name, 4026532000 + n) for n, name in enumerate(names)),
        own_namespaces=names,
        mounts=(
            MountFact("/", "overlay", "overlay", ("nodev", "nosuid", "ro"), ("ro",), "private"),
            MountFact("/proc", "proc", "proc", covered[:3], ("rw",), "private"),
            MountFact("/tmp", "tmpfs", "tmpfs", covered[:3], ("rw", "size=65536k"), "private"),
            MountFact("/dev", "tmpfs", "tmpfs", ("noexec", "nosuid", "ro"), ("rw",), "private"),
            MountFact("/proc/kcore", "tmpfs", "tmpfs", covered, ("ro",), "private"),
        ),
        root="/",
        cwd="/",
        limits=(("core", 0, 0), ("nofile", 1024, 1024), ("nproc", 128, 128)),
        cgroup_limits=(("memory.max", "536870912"), ("pids.max", "128")),
        open_files=((0, "pipe:[1]"), (1, "/dev/pts/0"), (2, "/dev/pts/0")),
        landlock="ABI 7: writes only below /tmp",
    )


def enforcement() -> tuple[Enforcement, ...]:
    return (
        Enforcement("user that is not root", "enforced", "uid 10001 inside is uid 1000 outside",
                    "image"),
        Enforcement("read-only root filesystem", "enforced", "overlay mounted ro", "default"),
        Enforcement("memory limit", "enforced", "cgroup memory.max = 536870912", "flag --memory"),
        Enforcement("cpu limit", "partly enforced",
                    "affinity to 1 processor(s), which a process may widen", "policy checklist"),
        Enforcement("Landlock", "not enforced", "not available or not asked for", "default"),
    )  # fmt: skip


def report(packages: int = 40) -> AuditReport:
    """Everything a report can hold."""
    findings = (
        finding("IMG014", "low", title="The image has a health check", at="config.Healthcheck",
                found="none", wanted="a command", outcome="waived",
                waiver="shop team: probed by the platform, until 2026-11-30"),
        finding("IMG001", "high"),
        finding("SEC010", "critical", title="No private key in any layer",
                at="root/.ssh/id_ed25519 (layer 1, deleted by layer 2)", found="--****--",
                wanted="none", fix="Build again without the file and revoke the key."),
        finding("REF002", "medium", title="The base is pinned by digest", at="shop:latest",
                found="latest", wanted="a digest", outcome="warn"),
        finding("VUL001", "high", title="No vulnerability over the threshold", at="packages",
                found="no database", wanted="a database", outcome="not checked",
                fix="Run: secure db update"),
    )  # fmt: skip
    good = facts("good.tar", packages=3)
    refused = verdict("deny", "launch", findings[1:3])
    return AuditReport(
        title="Audit report for shop",
        made_at=NOW,
        tool_version="0.1.0",
        subjects=(
            Subject("shop.tar", facts(packages=packages), (verdict("deny", "ci", findings),)),
            Subject("good.tar", good, (verdict("allow", "ci"),)),
        ),
        launches=(
            Launch(5, NOW, "good.tar", digest("good.tar"), STARTED, "0123456789abcdef",
                   ("/usr/bin/shop", "--port", "8080"), verdict("allow", "launch"), evidence(),
                   enforcement(), exit_code=0),
            Launch(4, NOW, "shop.tar", digest("shop.tar"), REFUSED, verdict=refused),
            Launch(3, NOW, "good.tar", digest("good.tar"), KILLED, "fedcba9876543210", ("/bin/sh",),
                   None, evidence(), (),
                   (Difference(5, "no_new_privs", "True", "False"),)),
        ),
        chain=Chain(7, 1, 7, "a" * 64, NOW, NOW,
                    torn=("log.jsonl:3: record 3 is torn: 12 bytes that are no whole record",)),
    )  # fmt: skip
