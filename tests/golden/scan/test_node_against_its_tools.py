"""Node packages and lock files as the tools leave them: `npm ls` is the oracle.

Everything is fetched from the registry once for the module.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogued import catalogued
from scanning import NOW, cache_folder

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.images.source import open_image
from secure.scan.image import scan_image

# Scopes, an alias, a workspace, an optional package of another system, versions side by side, and
# (in uri-js) a lock file of a package's makers.
PROJECT = {
    "name": "app", "version": "1.0.0", "private": True, "workspaces": ["packages/*"],
    "dependencies": {
        "@types/ms": "0.7.34", "debug": "4.3.4", "is-odd": "3.0.1",
        "num": "npm:is-number@7.0.0", "send": "0.18.0", "yarn": "1.22.22",
        "uri-js": "4.4.1",
    },
    "devDependencies": {"mime-db": "1.52.0"},
    "optionalDependencies": {"fsevents": "2.3.3"},
}  # fmt: skip
WORKSPACE = {"name": "w", "version": "2.0.0", "dependencies": {"ms": "2.0.0"}}
ELSEWHERE = {("fsevents", "2.3.3")}  # locked, and installed on a Mac only


def run(*words: str, at: Path) -> str:
    """What a tool says; the test is skipped where it cannot reach the registry."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    done = subprocess.run(
        words, cwd=at, capture_output=True, text=True, check=False, timeout=200,
        env={**os.environ, "npm_config_audit": "false", "npm_config_fund": "false",
             "npm_config_ignore_scripts": "true", "npm_config_update_notifier": "false"},
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"{words[0]} {words[1]} failed: {done.stderr[-300:]}")
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a project that npm installed in srv/app."""
    root = tmp_path_factory.mktemp("root")
    app = root / "srv/app"
    (app / "packages/w").mkdir(parents=True)
    (app / "package.json").write_text(json.dumps(PROJECT))
    (app / "packages/w/package.json").write_text(json.dumps(WORKSPACE))
    run("npm", "install", at=app)
    return root


@pytest.fixture(scope="module")
def expected(project: Path) -> set[tuple[str, str]]:
    """All that npm lists, by real names."""
    tree = json.loads(run("npm", "ls", "--all", "--json", "--long", at=project / "srv/app"))
    return set(packages_of(tree))


def packages_of(tree: dict[str, dict[str, object]]) -> Iterator[tuple[str, str]]:
    for entry in tree.get("dependencies", {}).values():
        if isinstance(entry, dict) and "version" in entry:
            yield entry["name"], entry["version"]
            yield from packages_of(entry)


def names(packages: list[Package] | tuple[Package, ...]) -> set[tuple[str, str]]:
    return {(one.full_name, one.version) for one in packages}


def scan(folder: Path) -> ImageFacts:
    with open_image(str(folder)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


def test_what_npm_lists_is_installed_and_nothing_else(
    project: Path, expected: set[tuple[str, str]]
) -> None:
    facts = scan(project)
    assert names([one for one in facts.packages if not one.declared]) == expected
    assert names([one for one in facts.packages if one.declared]) == ELSEWHERE
    assert len(expected) > 20
    assert facts.unreadable == ()


def test_two_versions_of_one_package_are_two_packages(project: Path) -> None:
    found = [p for p in scan(project).packages if p.name == "ms" and p.namespace == ""]
    assert len({p.version for p in found}) >= 2
    assert len({p.location.path for p in found}) == len(found)


def test_installed_packages_take_the_digest_from_the_lock_file(project: Path) -> None:
    found = next(p for p in scan(project).packages if p.name == "debug" and p.version == "4.3.4")
    assert [name for name, _ in found.hashes] == ["sha512"]
    assert [place.path for place in found.also_at] == ["srv/app/package-lock.json"]
    assert found.depends == ("ms",)


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_every_version_of_npms_lock_file_asks_for_what_npm_installs(
    project: Path, expected: set[tuple[str, str]], tmp_path: Path, version: str
) -> None:
    app = tmp_path / "app"
    shutil.copytree(project / "srv/app", app, ignore=shutil.ignore_patterns("node_modules"))
    asked = ("install", "--package-lock-only", "--lockfile-version", version)
    run("npm", *asked, at=app)
    packages, unreadable = catalogued(
        "app/package-lock.json", (app / "package-lock.json").read_bytes()
    )
    assert names(packages) == expected - {("w", "2.0.0")} | ELSEWHERE
    assert unreadable == []


def test_yarns_lock_file_asks_for_what_yarn_lists(project: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(
        project / "srv/app", app, ignore=shutil.ignore_patterns("node_modules", "*lock*")
    )
    yarn = str(project / "srv/app/node_modules/yarn/bin/yarn.js")
    run("node", yarn, "install", "--ignore-scripts", "--ignore-optional", at=app)
    tree = json.loads(run("npm", "ls", "--all", "--json", "--long", at=app))
    packages, unreadable = catalogued("app/yarn.lock", (app / "yarn.lock").read_bytes())
    assert names(packages) == set(packages_of(tree)) - {("w", "2.0.0")} | ELSEWHERE
    assert unreadable == []


def test_what_pnpm_lists_is_installed_and_in_its_lock_file(tmp_path: Path) -> None:
    run("npm", "install", "--prefix", str(tmp_path / "tools"), "pnpm@9.15.9", at=tmp_path)
    app = tmp_path / "root/srv/app"
    (app / "packages/w").mkdir(parents=True)
    (app / "package.json").write_text(json.dumps(PROJECT))
    (app / "packages/w/package.json").write_text(json.dumps(WORKSPACE))
    (app / "pnpm-workspace.yaml").write_text("packages: ['packages/*']\n")
    pnpm = str(tmp_path / "tools/node_modules/pnpm/bin/pnpm.cjs")
    store = ("--store-dir", str(tmp_path / "store"))
    run("node", pnpm, "install", "--ignore-scripts", *store, at=app)
    trees = json.loads(run("node", pnpm, "ls", "-r", "--depth", "99", "--json", at=app))
    expected = {one for tree in trees for one in listed_by_pnpm(tree)}
    facts = scan(tmp_path / "root")
    assert len(expected) > 20
    assert names([one for one in facts.packages if not one.declared]) == (
        expected - ELSEWHERE | {("w", "2.0.0")}
    )
    locked = [one for one in facts.packages if "pnpm-lock.yaml" in str(one.also_at)]
    assert names([*locked, *(one for one in facts.packages if one.declared)]) == expected
    assert facts.unreadable == ()


def listed_by_pnpm(tree: dict[str, object]) -> Iterator[tuple[str, str]]:
    """All that a project needs, by real names, but no folder of the workspace."""
    for kind in ("dependencies", "devDependencies", "optionalDependencies"):
        needed = tree.get(kind)
        for entry in needed.values() if isinstance(needed, dict) else ():
            yield entry["from"], entry["version"]
            yield from listed_by_pnpm(entry)


def test_what_yarn_4_lists_is_installed_without_being_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(
        "npm",
        "install",
        "--prefix",
        str(tmp_path / "tools"),
        "@yarnpkg/cli-dist@4.18.1",
        at=tmp_path,
    )
    app = tmp_path / "root/srv/app"
    (app / "packages/w").mkdir(parents=True)
    (app / "package.json").write_text(json.dumps(PROJECT))
    (app / "packages/w/package.json").write_text(json.dumps(WORKSPACE))
    registry = run("npm", "config", "get", "registry", at=tmp_path).strip()
    for key, value in {"NPM_REGISTRY_SERVER": registry, "ENABLE_GLOBAL_CACHE": "0",
                       "ENABLE_TELEMETRY": "0", "UNSAFE_HTTP_WHITELIST": "*"}.items():  # fmt: skip
        monkeypatch.setenv(f"YARN_{key}", value)
    yarn = str(tmp_path / "tools/node_modules/@yarnpkg/cli-dist/bin/yarn.js")
    run("node", yarn, "install", "--mode=skip-build", at=app)
    lines = run("node", yarn, "info", "-A", "-R", "--json", at=app).splitlines()
    listed = {(one["value"], one["children"]["Version"]) for one in map(json.loads, lines)}
    expected = {(name[: name.index("@", 1)], version) for name, version in listed
                if "@workspace:" not in name}  # fmt: skip
    facts = scan(tmp_path / "root")
    assert names(facts.packages) == expected | {("w", "2.0.0")}
    assert len(expected) > 20
    assert len(facts.packages) == len(expected) + 1
    assert facts.unreadable == ()
