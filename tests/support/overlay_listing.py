"""Mounts layers with the kernel's overlayfs and prints what is seen: run inside `unshare -Urm`.

Usage: overlay_listing.py MOUNTPOINT LAYER...   (layers base first)
"""

from __future__ import annotations

import ctypes
import os
import sys


def main(mountpoint: str, *layers: str) -> None:
    lower = ":".join(reversed(layers))
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"userxattr,lowerdir={lower}".encode()
    if libc.mount(b"overlay", mountpoint.encode(), b"overlay", 0, options) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    for folder, directories, files in os.walk(mountpoint):
        for name in (*directories, *files):
            path = os.path.join(folder, name)
            # A directory that one layer alone has lists its whiteouts; none can be looked up.
            if os.path.lexists(path):
                print(_line(os.path.relpath(path, mountpoint), path))


def _line(shown: str, path: str) -> str:
    if os.path.isdir(path):
        return f"{shown}\td\t"
    with open(path, encoding="utf-8") as file:
        return f"{shown}\tf\t{file.read()}"


if __name__ == "__main__":
    main(*sys.argv[1:])
