"""A lock file that Terraform itself writes, from a mirror of providers in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from catalogued import catalogued, told

PROVIDERS = (("hashicorp", "null", "3.2.2"), ("acme", "thing", "1.0.0-beta1"))


def test_the_lock_file_names_what_terraform_chose(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("no terraform here")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "")
    wanted = []
    for owner, name, version in PROVIDERS:
        # init hashes a provider and does not run it.
        place = tmp_path / "mirror/registry.terraform.io" / owner / name / version
        place /= f"linux_{machine}"
        place.mkdir(parents=True)
        program = place / f"terraform-provider-{name}_v{version}"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        wanted.append(f'{name} = {{ source = "{owner}/{name}", version = "{version}" }}')
    (tmp_path / "main.tf").write_text(
        "terraform {\n required_providers {\n" + "\n".join(wanted) + "\n }\n}\n"
    )
    (tmp_path / "config").write_text("")
    run = subprocess.run(
        ["terraform", "init", f"-plugin-dir={tmp_path / 'mirror'}", "-input=false"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {
            "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": str(tmp_path / "config"),
        },
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    lock = (tmp_path / ".terraform.lock.hcl").read_bytes()
    packages, unreadable = catalogued("infra/.terraform.lock.hcl", lock)
    assert unreadable == []
    assert sorted(told(packages)) == [
        "terraform:registry.terraform.io/acme/thing@1.0.0-beta1?",
        "terraform:registry.terraform.io/hashicorp/null@3.2.2?",
    ]
