"""Two small real images from this machine's own files: one to refuse, one to run.

Nothing is fetched. Busybox comes from the machine, with its package's own record; the cloud key
and the private key of the bad image are made up here and open nothing.
"""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

from secure.errors import MachineError
from secure.images.entry import DIRECTORY, SYMLINK
from secure.images.write import LayerContent, NewFile, layer_tar, write_oci_archive
from secure.oci.image_config import Execution
from secure.store.atomic import make_private_dir
from secure.value import value

_APPLETS = (
    "sh", "ls", "cat", "id", "grep", "touch", "echo", "ps", "sleep", "mount", "hostname", "ip",
    "env", "true", "wc", "head", "sed", "sort", "seq", "test", "unshare", "mkdir", "chmod",
)  # fmt: skip
_STATUS = Path("/var/lib/dpkg/status")
_OS_RELEASE = Path("/etc/os-release")
_BUSYBOX_PACKAGES = ("busybox-static", "busybox")


@value
class DemoImages:
    """Paths of the two archives."""

    bad: str
    good: str


def make_demo_images(folder: str) -> DemoImages:
    """Write `bad.tar` and `good.tar` into `folder`, as OCI archives.

    Raises:
        MachineError: there is no statically linked busybox on this machine.
    """
    make_private_dir(folder)
    base = _base_layer(_static_busybox())
    bad, good = f"{folder}/bad.tar", f"{folder}/good.tar"
    key = NewFile(b"root/.ssh/id_ed25519", _private_key(), mode=0o600)
    added = LayerContent(layer_tar([key, _setuid_tool()]), "COPY id_ed25519 helper /")
    removed = LayerContent(
        layer_tar([NewFile(b"root/.ssh/.wh.id_ed25519")]), "RUN rm /root/.ssh/id_ed25519"
    )
    write_oci_archive(
        bad,
        (base, added, removed),
        Execution(
            env=("PATH=/bin:/usr/local/bin", f"AWS_ACCESS_KEY_ID={_cloud_key()}"),
            cmd=("/bin/sh",),
        ),
        "demo/bad:latest",
    )
    script = NewFile(b"app/hello.sh", _SCRIPT, mode=0o755)
    app = LayerContent(layer_tar([script]), "COPY hello.sh /app/")
    write_oci_archive(
        good,
        (base, app),
        Execution(
            user="10001:10001", env=("PATH=/bin",), cmd=("/app/hello.sh",), working_dir="/app"
        ),
        "demo/good:1.0",
    )
    return DemoImages(bad, good)


_SCRIPT = b"""#!/bin/sh
echo "hello from $(hostname): I am $(id)"
touch /app/new 2>/dev/null && echo "I can write to my image" || echo "I cannot write to my image"
unshare -U true 2>/dev/null && echo "I can make namespaces" || echo "I cannot make namespaces"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
"""


def _static_busybox() -> bytes:
    path = shutil.which("busybox")
    content = Path(path).read_bytes() if path else b""
    # A dynamically linked program names its loader in a PT_INTERP segment.
    if not content or b"/ld-linux" in content or b"/ld-musl" in content:
        raise MachineError(
            "the demo needs a statically linked busybox",
            do="Install it: apt-get install busybox-static",
        )
    return content


def _base_layer(busybox: bytes) -> LayerContent:
    files = [
        *(NewFile(name, kind=DIRECTORY, mode=0o755) for name in (b"bin", b"etc", b"app", b"root")),
        NewFile(b"bin/busybox", busybox, mode=0o755),
        *(
            NewFile(f"bin/{name}".encode(), kind=SYMLINK, mode=0o777, link=b"busybox")
            for name in _APPLETS
        ),
        NewFile(b"etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/app:/bin/sh\n"),
        NewFile(b"etc/group", b"root:x:0:\napp:x:10001:\n"),
        NewFile(b"etc/os-release", _read(_OS_RELEASE)),
        NewFile(b"var/lib/dpkg/status.d/busybox", _package_record()),
    ]
    return LayerContent(layer_tar(files), "ADD busybox /")


def _package_record() -> bytes:
    """The dpkg record of this machine's busybox; without one, nothing is claimed."""
    for record in _read(_STATUS).split(b"\n\n"):
        first = record.partition(b"\n")[0]
        if first in [f"Package: {name}".encode() for name in _BUSYBOX_PACKAGES]:
            return record.strip() + b"\n"
    return b""


def _setuid_tool() -> NewFile:
    return NewFile(b"usr/local/bin/helper", b"#!/bin/sh\nexec /bin/sh\n", mode=0o4755)


def _private_key() -> bytes:
    """The form of a key without a passphrase (OpenSSH PROTOCOL.key); its content is random."""
    none = (4).to_bytes(4, "big") + b"none"
    head = b"openssh-key-v1\0" + none + none + bytes(4) + (1).to_bytes(4, "big")
    body = base64.encodebytes(head + os.urandom(300))
    kind = b"OPENSSH PRIVATE KEY"  # in pieces, so that this file is no finding itself
    return b"-----BEGIN " + kind + b"-----\n" + body + b"-----END " + kind + b"-----\n"


def _cloud_key() -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "AKIA" + "".join(letters[byte % 32] for byte in os.urandom(16))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
