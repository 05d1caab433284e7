"""Which installation `bin/secure` starts, and where that looks for the packages it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from secure.errors import shortage
from secure.start import folders_of

ROOT = Path(__file__).resolve().parents[3]
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.parametrize("kind", ["site-packages", "dist-packages"])
def test_of_two_installations_that_of_the_newer_python_is_started(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / "bin").mkdir()
    command = shutil.copy(ROOT / "bin/secure", tmp_path / "bin/secure")
    (tmp_path / "bin/python3").symlink_to(sys.executable)
    for version in ("3.11", "3.13"):
        package = tmp_path / f"lib/python{version}/{kind}/secure"
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(f"import sys; print({version!r}, *sys.argv[1:])\n")
    done = subprocess.run([command, "a b"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "3.13 a b\n"), done.stderr


def test_a_command_without_its_package_says_so(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    command = shutil.copy(ROOT / "bin/secure", tmp_path / "bin/secure")
    done = subprocess.run([command], capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install" in done.stderr) == (5, True)


def test_the_interpreter_of_the_system_has_packages_of_debian() -> None:
    installed = f"/usr/local/lib/{VERSION}/dist-packages"
    folders = [installed, "/usr/lib/python3/dist-packages"]
    assert folders_of(f"{installed}/secure", "/usr") == folders
    assert folders_of(f"/home/me/.local/lib/{VERSION}/site-packages/secure", "/usr") == folders


def test_a_virtual_environment_has_its_own_packages_alone() -> None:
    own = f"/opt/env/lib/{VERSION}/site-packages"
    assert folders_of(f"{own}/secure", "/opt/env") == []
    assert folders_of("/home/me/checkout/secure", "/opt/env") == [own]


def test_a_package_that_is_not_there_is_no_bug_of_ours() -> None:
    with pytest.raises(ModuleNotFoundError) as missing:
        __import__("nobody_has_this_module")
    told = shortage(missing.value)
    assert told is not None
    assert (told.exit_code, '"nobody_has_this_module"' in str(told)) == (4, True)
    assert "pip install" in told.do
    assert shortage(ModuleNotFoundError("x", name="secure.cli.nothing")) is None
