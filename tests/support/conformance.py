"""Sentences of runtime-spec 1.2 as a table of cases, tried on any runtime.

`python tests/support/conformance.py SECURE > docs/oci-conformance.md` as root writes what secure,
runc and crun do, side by side.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import config_sentences
import linux_sentences
from bundles import Runtime, base_config, make_bundle
from containers import Caller
from spec_case import Case, try_case

CASES = (*config_sentences.CASES, *linux_sentences.CASES)


def table(rows: list[tuple[Case, list[str]]], names: list[str], versions: list[str]) -> str:
    """The page docs/oci-conformance.md."""
    head = (
        "# What the OCI runtimes do\n\n"
        "Sentences of the OCI runtime-spec, tried by `tests/support/conformance.py` as root, in a "
        "user namespace with a range of ids. `yes`: it holds; `no`: it does not; `refused`: the "
        "runtime says at `create` that it does not do this.\n\n"
    )
    head += "".join(f"- {version}\n" for version in versions)
    lines = [f"| chapter | sentence | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    lines += [f"| {c.chapter} | {c.sentence} | {' | '.join(found)} |" for c, found in rows]
    return head + "\n" + "\n".join(lines) + "\n"


def main(secure: str) -> None:
    """Try every case on every runtime of this machine and print the page."""
    folder = Path(tempfile.mkdtemp(prefix="conformance-", dir="/var/tmp"))
    folder.chmod(0o755)
    who = Caller("root", 0, 0)
    # crun refuses machines whose cgroup2 mount still has a controller beside v1: in a mount
    # namespace of its own, hugetlb goes to v1 for as long as that namespace lives.
    crun = f'mount -t cgroup -o hugetlb none {folder}/hugetlb 2>/dev/null; exec crun "$@"'
    (folder / "hugetlb").mkdir()
    commands = {
        "secure": (secure, "oci"),
        "runc": ("runc",),
        "crun": ("unshare", "-m", "sh", "-c", crun, "crun"),
    }
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    there = {
        name: words
        for name, words in commands.items()
        if shutil.which(words[0] if name == "secure" else name)
    }
    runtimes = [Runtime(name, words, folder, who, environment) for name, words in there.items()]
    bundle = make_bundle(folder / "bundle", who, base_config(who))
    for path in (bundle / "rootfs").rglob("*"):
        os.chown(path, 1_900_000_000, 1_900_000_000, follow_symlinks=False)
    os.chown(bundle / "rootfs", 1_900_000_000, 1_900_000_000)
    try:
        rows = [(case, [try_case(one, bundle, case) for one in runtimes]) for case in CASES]
        versions = [runtime("--version").out.splitlines()[0] for runtime in runtimes]
        sys.stdout.write(table(rows, [one.name for one in runtimes], versions))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
