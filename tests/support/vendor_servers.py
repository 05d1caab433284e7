"""What vendors publish, in their layouts, on a server of ours."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import zstandard
from feed_server import FeedServer


def update(identifier: str, name: str, version: str, release: str = "1.amzn2023") -> str:
    """One security update of an rpm repository, as createrepo_c writes it."""
    return f"""<update author="linux-security@amazon.com" from="linux-security@amazon.com"
 status="final" type="security" version="1.4"><id>{identifier}</id><title>a package update</title>
<issued date="2026-01-17 19:24" /><updated date="2026-02-03 20:14" /><severity>medium</severity>
<description>CVE-2026-1000: a flaw</description><references>
<reference href="https://cve.example/CVE-2026-1000" id="CVE-2026-1000" type="cve" />
</references><pkglist><collection short="amazon-linux"><name>Amazon Linux</name>
<package arch="x86_64" epoch="0" name="{name}" release="{release}" version="{version}">
<filename>Packages/{name}-{version}-{release}.x86_64.rpm</filename></package>
</collection></pkglist></update>"""


def updateinfo(*updates: str) -> bytes:
    """A repository's updates, compressed."""
    raw = f'<?xml version="1.0" ?>\n<updates>{"".join(updates)}</updates>'
    return gzip.compress(raw.encode(), mtime=0)


def repomd(content: bytes, place: str, algorithm: str = "sha256") -> bytes:
    """The list of a repository's files; `content` is at `place`."""
    digest = hashlib.new(algorithm, content).hexdigest()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
<revision>1569972356</revision>
<data type="primary_db"><checksum type="sha256">{"8" * 64}</checksum>
<location href="repodata/primary.sqlite.gz" /><size>34874486</size></data>
<data type="updateinfo"><checksum type="{algorithm}">{digest}</checksum>
<open-checksum type="sha256">{"d" * 64}</open-checksum><location href="{place}" />
<timestamp>1569972326</timestamp><size>{len(content)}</size></data></repomd>
""".encode()


def publish_repository(
    server: FeedServer, base: str, *updates: str, algorithm: str = "sha256"
) -> str:
    """An rpm repository at `base`; its updateinfo is called by its digest, as it is there."""
    content = updateinfo(*updates)
    place = f"repodata/{hashlib.sha256(content).hexdigest()}-updateinfo.xml.gz"
    server.files[f"{base}/repodata/repomd.xml"] = repomd(content, place, algorithm)
    server.files[f"{base}/{place}"] = content
    return f"{base}/{place}"


def document(cve: str, name: str, fixed: str, day: str) -> bytes:
    """A VEX document of Red Hat's on one package of its Linux 9."""
    place, reference = "9::baseos", f"{name}-{fixed}.x86_64"
    return json.dumps({
        "document": {
            "category": "csaf_vex", "title": name, "aggregate_severity": {"text": "important"},
            "tracking": {"id": cve, "status": "final",
                         "current_release_date": f"{day}T01:02:03+00:00"},
        },
        "product_tree": {
            "branches": [
                {"product": {"product_id": "BaseOS-9", "product_identification_helper": {
                    "cpe": f"cpe:/o:redhat:enterprise_linux:{place}"}}},
                {"product": {"product_id": reference, "product_identification_helper": {
                    "purl": f"pkg:rpm/redhat/{name}@{fixed}?arch=x86_64"}}},
            ],
            "relationships": [{
                "full_product_name": {"product_id": f"BaseOS-9:{reference}"},
                "product_reference": reference, "relates_to_product_reference": "BaseOS-9",
            }],
        },
        "vulnerabilities": [{"cve": cve, "product_status": {"fixed": [f"BaseOS-9:{reference}"]}}],
    }, indent=2).encode()  # fmt: skip


class CsafPublisher:
    """A publisher of CSAF documents: an archive now and then, and every document by itself."""

    def __init__(self, server: FeedServer, base: str) -> None:
        self.server, self.base = server, base
        self.documents: dict[str, bytes] = {}
        self.times: dict[str, str] = {}
        self.deleted: dict[str, str] = {}

    def put(self, path: str, content: bytes, day: str) -> None:
        """A document by itself, with its digest beside it."""
        self.documents[path], self.times[path] = content, f"{day}T03:46:10+00:00"
        self.server.files[f"{self.base}/{path}"] = content
        digest = hashlib.sha256(content).hexdigest()
        name = path.rpartition("/")[2]
        self.server.files[f"{self.base}/{path}.sha256"] = f"{digest}  {name}\n".encode()
        self.list()

    def delete(self, path: str, day: str) -> None:
        """A document is taken back."""
        self.deleted[path] = f"{day}T00:00:00+00:00"
        for known in (self.documents, self.times):
            known.pop(path, None)
        self.server.files.pop(f"{self.base}/{path}", None)
        self.list()

    def list(self) -> None:
        """Both lists, newest first."""
        for name, times in (("changes.csv", self.times), ("deletions.csv", self.deleted)):
            rows = sorted(times.items(), key=lambda one: one[1], reverse=True)
            lines = "".join(f'"{path}","{time}"\n' for path, time in rows)
            self.server.files[f"{self.base}/{name}"] = lines.encode()

    def archive(self, day: str) -> str:
        """All documents as they are now."""
        name, raw = f"csaf_vex_{day}.tar.zst", io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for path, content in sorted(self.documents.items()):
                member = tarfile.TarInfo(path)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        content = zstandard.compress(raw.getvalue())
        self.server.files[f"{self.base}/{name}"] = content
        self.server.files[f"{self.base}/archive_latest.txt"] = name.encode()
        digest = hashlib.sha256(content).hexdigest()
        self.server.files[f"{self.base}/{name}.sha256"] = f"{digest} {name}\n".encode()
        return f"{self.base}/{name}"
