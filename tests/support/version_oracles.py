"""What the tools themselves say of two versions: many pairs for one process, where the tool can."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

Pairs = Sequence[tuple[str, str]]
_MAVEN_JARS = ("/usr/share/java/maven-artifact-3.x.jar", "/usr/share/java/commons-lang3.jar")
_SIGNS = {"<": -1, "==": 0, "=": 0, ">": 1}


def sign(left: str, right: str) -> int:
    """-1, 0 or 1, as the oracles say it."""
    return (left > right) - (left < right)


def dpkg(pairs: Pairs) -> list[int]:
    """`dpkg --compare-versions`: a process a question, started by one shell."""
    script = (
        "while read -r a b; do if dpkg --compare-versions $a lt $b; then echo -1; "
        "elif dpkg --compare-versions $a gt $b; then echo 1; else echo 0; fi; done"
    )
    return [int(line) for line in _asked(["sh", "-c", script], _lines(pairs), needs="dpkg")]


def rpm(pairs: Pairs) -> list[int]:
    """rpm's own comparison of whole versions, in one Lua script."""
    calls = ", ".join(f'rpm.vercmp("{left}", "{right}")' for left, right in pairs)
    script = f'%{{lua: print(table.concat({{{calls}}}, "\\n"))}}'
    return [int(line) for line in _asked(["rpm", "--eval", script], needs="rpm")]


def pacman(pairs: Pairs) -> list[int]:
    """alpm_pkg_vercmp of libalpm."""
    try:
        library = ctypes.CDLL("libalpm.so.13")
    except OSError:
        pytest.skip("no libalpm.so.13: pacman's own comparison is not here")
    compare = library.alpm_pkg_vercmp
    compare.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    found = (compare(left.encode(), right.encode()) for left, right in pairs)
    return [(told > 0) - (told < 0) for told in found]


def maven(pairs: Pairs) -> list[int]:
    """Maven's ComparableVersion, which compares each of its arguments with the one before."""
    if not all(map(Path.exists, map(Path, _MAVEN_JARS))):
        pytest.skip("no maven-artifact: Maven's own comparison is not here")
    program = "org.apache.maven.artifact.versioning.ComparableVersion"
    given = [version for pair in pairs for version in pair]
    lines = _asked(["java", "-cp", ":".join(_MAVEN_JARS), program, *given], needs="java")
    told = [line.split() for line in lines if line.startswith("   ")]
    return [_SIGNS[words[1]] for words in told[::2]]


@cache
def _npm_root() -> str:
    return _asked(["npm", "root", "-g"], needs="npm")[0]


def npm(pairs: Pairs) -> list[int]:
    """The `semver` that npm brings along, in its loose mode."""
    root = _npm_root()
    script = (
        f'const semver = require("{root}/npm/node_modules/semver");'
        'for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n"))'
        ' { const [a, b] = line.split(" "); console.log(semver.compare(a, b, true)); }'
    )
    return [int(line) for line in _asked(["node", "-e", script], _lines(pairs), needs="node")]


def npm_ranges(pairs: Pairs) -> list[bool | None]:
    """Whether a version lies in a range, by the same package; None where it is no range."""
    script = (
        f'const semver = require("{_npm_root()}/npm/node_modules/semver");'
        'for (const line of require("fs").readFileSync(0, "utf8").trimEnd().split("\\n")) {'
        ' const [version, range] = line.split("\\t");'
        " const valid = semver.validRange(range) !== null;"
        " console.log(valid ? semver.satisfies(version, range) : null); }"
    )
    given = "".join(f"{version}\t{text}\n" for version, text in pairs)
    lines = _asked(["node", "-e", script], given, needs="node")
    return [{"true": True, "false": False, "null": None}[line] for line in lines]


_GO = """package main
import ("bufio"; "fmt"; "os"; "strings"; "oracle/semver")
func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		pair := strings.Fields(lines.Text())
		fmt.Println(semver.Compare("v" + pair[0], "v" + pair[1]))
	}
}
"""


def go_program(folder: Path) -> Path:
    """A program around Go's own golang.org/x/mod/semver, as the toolchain brings it along."""
    root = _asked(["go", "env", "GOROOT"], needs="go")[0]
    source = Path(root) / "src/cmd/vendor/golang.org/x/mod/semver"
    if not source.is_dir():
        pytest.skip("no x/mod/semver in this Go: its comparison is not here")
    shutil.copytree(source, folder / "semver")
    (folder / "go.mod").write_text("module oracle\ngo 1.21\n")
    (folder / "main.go").write_text(_GO)
    subprocess.run(["go", "build", "-o", "oracle", "."], cwd=folder, check=True)
    return folder / "oracle"


def go(program: Path, pairs: Pairs) -> list[int]:
    """What the program of `go_program` says."""
    return [int(line) for line in _asked([str(program)], _lines(pairs), needs=str(program))]


def apk(root: Path, pairs: Pairs) -> list[int]:
    """`apk version -t` of the Alpine that lies unpacked in `root`: a process a question."""
    script = (
        'while read -r a b; do lib/ld-musl-x86_64.so.1 --library-path "lib:usr/lib" '
        'sbin/apk version -t "$a" "$b"; done'
    )
    lines = _asked(["sh", "-c", script], _lines(pairs), needs="sh", folder=root)
    return [_SIGNS[line] for line in lines]


def _lines(pairs: Pairs) -> str:
    return "".join(f"{left} {right}\n" for left, right in pairs)


def _asked(
    argv: Sequence[str], given: str = "", *, needs: str, folder: Path | None = None
) -> list[str]:
    if shutil.which(needs) is None:
        pytest.skip(f"no {needs}: what it says of versions is not known here")
    done = subprocess.run(
        argv, input=given, capture_output=True, text=True, check=True, cwd=folder, timeout=120
    )
    return done.stdout.splitlines()
