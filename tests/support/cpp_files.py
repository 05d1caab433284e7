"""Files of Conan and vcpkg, in the exact form that they write, and what they say."""

from __future__ import annotations

import json

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONAN_2 = json.dumps({
    "version": "0.5",
    "requires": [f"zlib/1.2.13#{_COMMIT[:32]}%1680000000.5", "ours/1.0@acme/stable"],
    "build_requires": ["cmake/3.25.3"],
    "python_requires": [],
})  # fmt: skip
CONAN_1 = json.dumps({
    "graph_lock": {"nodes": {
        "0": {"ref": "conanfile.txt", "requires": ["1"]},
        "1": {"ref": f"zlib/1.2.11#{_COMMIT[:32]}", "package_id": "6af9cc7c"},
    }},
    "version": "0.4",
})  # fmt: skip
CONANFILE = """# ours
[requires]
zlib/1.2.11
boost/1.80.0@acme/stable # newest
[options]
zlib:shared=True
[generators]
cmake
"""
CONANINFO = """[settings]
    os=Linux
[requires]
    zlib/1.Y.Z
[full_requires]
    zlib/1.2.11:6af9cc7cb931c5ad942174fd7838eb655717c709
"""
VCPKG_STATUS = """Package: fmt
Version: 10.1.1
Port-Version: 2
Depends: vcpkg-cmake:x64-linux, zlib
Architecture: x64-linux
Multi-Arch: same
Abi: abc
Status: install ok installed

Package: fmt
Feature: extra
Architecture: x64-linux
Multi-Arch: same
Status: install ok installed

Package: gone
Version: 1
Architecture: x64-linux
Status: purge ok not-installed
"""
VCPKG = json.dumps({
    "name": "app", "version": "1.0", "builtin-baseline": _COMMIT,
    "dependencies": ["fmt", {"name": "zlib", "features": []}],
    "overrides": [{"name": "zlib", "version": "1.2.13#1"}],
})  # fmt: skip
_CONAN_CACHE = "root/.conan/data/poco/1.12.4/_/_/package/6af9cc7cb931c5ad942174fd7838eb655717c709"

# As in language_files.py.
CPP_FILES: dict[str, tuple[str, list[str], list[str]]] = {
    "two/conan.lock": (
        CONAN_2, ["conan:zlib@1.2.13?", "conan:acme/ours@1.0?", "conan:cmake@3.25.3?"], [],
    ),
    "one/conan.lock": (CONAN_1, ["conan:zlib@1.2.11?"], []),
    "src/conanfile.txt": (CONANFILE, ["conan:zlib@1.2.11?", "conan:acme/boost@1.80.0?"], []),
    f"{_CONAN_CACHE}/conaninfo.txt": (CONANINFO, ["conan:poco@1.12.4"], []),
    "src/vcpkg_installed/vcpkg/status": (VCPKG_STATUS, ["vcpkg:fmt@10.1.1"], []),
    "src/vcpkg.json": (
        VCPKG, ["vcpkg:zlib@1.2.13?"], ['the version of "fmt" is not in this file'],
    ),
}  # fmt: skip
