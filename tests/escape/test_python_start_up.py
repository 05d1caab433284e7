"""What a Python program runs before its first line: variables, .pth files, sitecustomize, user and
zipped site-packages, and modules in the working directory.

The command starts its interpreter with -I -S: none of these count. The control starts the same
interpreter without.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from installation import Account
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel

NAMES = ("sitecustomize", "usercustomize", "posixpath", "colorsys", "ctypes", "json", "select")
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def canary(newcomer: Account) -> Path:
    """Where poisoned modules write."""
    return newcomer.folder / "canary"


@pytest.fixture
def poisoned(newcomer: Account, canary: Path) -> dict[str, str]:
    """Every place filled with modules that write the canary; the variables that lead there."""
    script = f"open({str(canary)!r}, 'a').write(__name__ + '\\n')\n"
    line = f"import sys; open({str(canary)!r}, 'a').write('pth\\n')\n"
    user_site = f"home/.local/lib/{VERSION}/site-packages"
    for place in ("cwd", user_site):
        newcomer.made(f"{place}/evil.pth", line)
        for name in NAMES:
            newcomer.made(f"{place}/{name}.py", script)
    newcomer.made("startup.py", script)
    archive = newcomer.folder / "cwd/modules.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in NAMES:
            packed.writestr(f"{name}.py", script)
    folder = newcomer.folder / "cwd"
    return {
        "PYTHONPATH": f"{folder}:{archive}",
        "PYTHONSTARTUP": str(newcomer.folder / "startup.py"),
        "PYTHONUSERBASE": str(newcomer.folder / "home/.local"),
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error::colorsys.Warning",
        "PYTHONBREAKPOINT": "sitecustomize.x",
        "PYTHONHOME": str(folder),
        "PYTHONPLATLIBDIR": "evil",
        "PYTHONPYCACHEPREFIX": str(folder),
    }


@pytest.mark.parametrize("words", [("--version",), ("info",), ("run",), ("check",)])
def test_nothing_around_the_caller_runs(
    newcomer: Account, images: Images, poisoned: dict[str, str], canary: Path,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    image = (images.good,) if words[0] in {"run", "check"} else ()
    ended = newcomer.secure(*words, *image, cwd=newcomer.folder / "cwd", env=poisoned)
    assert ended.code == 0, ended.err
    assert not canary.exists()


def test_nothing_of_an_image_runs_while_it_is_scanned(
    newcomer: Account, images: Images, canary: Path
) -> None:
    script = f"open({str(canary)!r}, 'a').write('image')\n".encode()
    site = f"usr/lib/{VERSION}/site-packages/"
    path = images.made(
        "site-poison",
        NewFile(f"{site}evil.pth".encode(), b"import sys; " + script),
        NewFile(f"{site}sitecustomize.py".encode(), script),
        NewFile(f"{site}evil-1.0.dist-info/METADATA".encode(), b"Name: evil\nVersion: 1.0\n"),
        NewFile(b"app/setup.py", script),
        NewFile(b"app/conftest.py", script),
        NewFile(b"app/pyproject.toml", b"[build-system]\nrequires = []\nbuild-backend = 'evil'\n"),
        NewFile(b"app/pyvenv.cfg", b"home = /app\n"),
    )
    for command in ("check", "sbom", "run"):
        newcomer.secure(command, path)
    assert not canary.exists()


def test_no_variable_says_where_our_packages_are(
    newcomer: Account, images: Images, canary: Path
) -> None:
    script = f"open({str(canary)!r}, 'a').write(__name__ + '\\n')\n"
    for name in ("msgspec", "yaml", "isal", "zstandard", "hyperscan"):
        newcomer.made(f"evil/lib/{VERSION}/site-packages/{name}.py", script)
    executable = str(newcomer.folder / "evil/bin/python3")
    newcomer.secure("check", images.good, env={"PYTHONEXECUTABLE": executable})
    assert not canary.exists()


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONUSERBASE"])
def test_control_the_same_interpreter_without_isolation_runs_it(
    newcomer: Account, poisoned: dict[str, str], canary: Path, name: str
) -> None:
    python = newcomer.command.parent.parent / ".venv/bin/python3"
    subprocess.run(
        [str(python), "-c", "pass"], check=False, capture_output=True, timeout=60,
        cwd=newcomer.folder, env=newcomer.environment | {name: poisoned[name]},
        stdin=subprocess.DEVNULL, **newcomer.who.credentials,
    )  # fmt: skip
    assert canary.exists()


def test_control_a_module_in_the_working_directory_is_imported_without_isolation(
    newcomer: Account, poisoned: dict[str, str], canary: Path
) -> None:
    python = newcomer.command.parent.parent / ".venv/bin/python3"
    subprocess.run(
        [str(python), "-S", "-c", "import colorsys"], check=False, capture_output=True,
        timeout=60, cwd=newcomer.folder / "cwd", env=newcomer.environment,
        stdin=subprocess.DEVNULL, **newcomer.who.credentials,
    )  # fmt: skip
    assert "colorsys" in canary.read_text()
