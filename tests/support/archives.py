"""Image archives member by member, also wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

from secure.images.entry import DIRECTORY, SYMLINK
from secure.images.write import LayerContent, NewFile, layer_tar, oci_members
from secure.oci.digest import Digest
from secure.oci.image_config import Execution
from secure.oci.manifest import OCI_INDEX

BASE = LayerContent(layer_tar([NewFile(b"bin/true", b"#!", mode=0o755)]), "ADD base")
TOP = LayerContent(
    layer_tar([NewFile(b"app", b"code"), NewFile(b"bin/.wh.true")]), "COPY app", "zstd"
)
RUN = Execution(user="1000", cmd=("/app",), env=("A=b",))


def save(path: Path, members: dict[str, bytes], *links: tuple[str, str]) -> str:
    """Write an archive of these members and symbolic links; answers its path."""
    files = [NewFile(name.encode(), content) for name, content in members.items()]
    files += [NewFile(n.encode(), kind=SYMLINK, link=to.encode()) for n, to in links]
    path.write_bytes(layer_tar(files))
    return str(path)


def lay_out(folder: Path, members: dict[str, bytes]) -> str:
    """Write the members into a directory; answers its path."""
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return str(folder)


def layout(*layers: LayerContent, tag: str = "app:1.0") -> dict[str, bytes]:
    """The members of an OCI layout."""
    return oci_members(layers or (BASE, TOP), RUN, tag)[0]


def blob(members: dict[str, bytes], document: object) -> dict[str, object]:
    """Put a document among the blobs; answers its descriptor, without a media type."""
    raw = json.dumps(document).encode()
    digest = Digest.of(raw)
    members[f"blobs/{digest.algorithm}/{digest.hex}"] = raw
    return {"digest": str(digest), "size": len(raw)}


def index_of(*manifests: object) -> bytes:
    """An index.json."""
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).encode()


def first_descriptor(members: dict[str, bytes]) -> dict[str, object]:
    """The first entry of the index of a layout."""
    found = json.loads(members["index.json"])["manifests"][0]
    assert isinstance(found, dict)
    return found


def docker_members(*layers: LayerContent, tag: str = "app:1.0") -> dict[str, bytes]:
    """The members of a docker archive as written before Docker 25."""
    import io

    from tars import contents

    from secure.images.write import write_docker_archive

    out = io.BytesIO()
    write_docker_archive(out, layers or (BASE, TOP), RUN, tag)
    return {name.decode(): content for name, content in contents(out.getvalue()).items()}


EMPTY_DIRECTORY = NewFile(b"d", kind=DIRECTORY, mode=0o755)
