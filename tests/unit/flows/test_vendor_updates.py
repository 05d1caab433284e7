"""Feeds of vendors from servers with their layouts: whole, unchanged, changed, damaged, moved."""

from __future__ import annotations

import lzma
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml
from feed_server import FeedServer, serving
from vendor_servers import publish_repository, repomd, update, updateinfo

from secure.errors import UsageError
from secure.flows import db, db_update
from secure.flows.current_database import the_database
from secure.flows.db import FeedList, Topics, Vendor
from secure.flows.db_update import Updated, Wanted
from secure.store.builtin import read_vulndb
from secure.store.download import Patience
from secure.vulns.native import is_native

_AMAZON = "/al2023/core/mirrors/latest/x86_64/mirror.list"
_FIRST, _SECOND = "/al2023/core/guids/1/x86_64", "/al2023/core/guids/2/x86_64"
_OPENSSL = update("ALAS2023-2026-001", "openssl", "3.0.8")
_CURL = update("ALAS2023-2026-002", "curl", "8.3.0")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as made:
        made.files[_AMAZON] = f"{made.url}{_FIRST}/\n{made.url}{_SECOND}\n".encode()
        publish_repository(made, _FIRST, _OPENSSL)
        publish_repository(made, _SECOND, _OPENSSL)
        made.files["/arch/all.json"] = _group("AVG-1", "1.0-1")
        yield made


def _group(name: str, fixed: str) -> bytes:
    return f'[{{"name":"{name}","packages":["zsh"],"status":"Fixed","fixed":"{fixed}"}}]'.encode()


def _feeds(server: FeedServer, **more: Vendor) -> FeedList:
    url = server.url
    vendors = {
        "Amazon Linux": Vendor(repositories={"amazon-2023": (f"{url}{_AMAZON}",)}),
        "Arch Linux": Vendor(files={"arch-all.json": f"{url}/arch/all.json"}),
    }
    return FeedList(
        osv=f"{url}/osv", kev=f"{url}/kev.json", epss=f"{url}/epss.csv.gz", ecosystems=(),
        vendors=vendors, on_request=more,
    )  # fmt: skip


def _update(
    server: FeedServer, feeds: FeedList | None = None, wanted: Wanted | None = None
) -> Updated:
    patience = Patience(attempts=1, pause=lambda _: None)
    wanted = wanted or Wanted()
    return db_update.update(feeds or _feeds(server), lambda _: None, wanted, patience)


def _failed(done: Updated) -> list[str]:
    """Without KEV and EPSS, which are not on this server."""
    return [one for one in done.failed if not one.startswith(("KEV", "EPSS"))]


def _fixed(ecosystem: str, name: str) -> list[str]:
    with the_database() as found:
        return [span.fixed for one in found.affected(ecosystem, name) for span in one.ranges]


def test_a_repository_is_found_by_its_list_of_mirrors(server: FeedServer) -> None:
    done = _update(server)
    assert (_failed(done), done.report.records) == ([], 2)
    assert _fixed("Amazon Linux:2023", "openssl") == ["3.0.8-1.amzn2023"]
    assert _fixed("Arch Linux", "zsh") == ["1.0-1"]
    assert not [path for path, _ in server.asked if path.startswith(_SECOND)]


def test_what_is_unchanged_is_not_sent_again(server: FeedServer) -> None:
    _update(server)
    server.asked.clear()
    done = _update(server)
    assert {"amazon-2023", "arch-all.json"} <= set(done.unchanged)
    assert not [path for path, _ in server.asked if "updateinfo" in path]
    assert done.report.records == 2


def test_new_updates_take_the_place_of_the_former_ones(server: FeedServer) -> None:
    _update(server)
    publish_repository(server, _FIRST, _OPENSSL, _CURL, algorithm="sha512")
    server.files["/arch/all.json"] = _group("AVG-1", "1.0-2")
    assert _update(server).report.records == 3
    assert _fixed("Amazon Linux:2023", "curl") == ["8.3.0-1.amzn2023"]
    assert _fixed("Arch Linux", "zsh") == ["1.0-2"]


def test_the_next_mirror_is_asked_where_one_fails(server: FeedServer) -> None:
    del server.files[f"{_FIRST}/repodata/repomd.xml"]
    done = _update(server)
    assert _failed(done) == []
    assert _fixed("Amazon Linux:2023", "openssl") == ["3.0.8-1.amzn2023"]


def test_a_mirror_with_another_file_than_the_list_says_is_passed_over(server: FeedServer) -> None:
    place = publish_repository(server, _FIRST, _OPENSSL)
    server.files[place] = updateinfo(_CURL)
    assert _failed(_update(server)) == []
    assert _fixed("Amazon Linux:2023", "openssl") == ["3.0.8-1.amzn2023"]
    assert _fixed("Amazon Linux:2023", "curl") == []


def test_a_repository_that_has_moved_is_found_in_the_archive(server: FeedServer) -> None:
    moved = update("FEDORA-2026-0123abcdef", "vim", "9.1", "1.fc42").replace(
        "<issued", "<release>Fedora 42</release><issued"
    )
    publish_repository(server, "/archive/updates/42/Everything/x86_64", moved)
    urls = [f"{server.url}/{root}/updates/42/Everything/x86_64" for root in ("pub", "archive")]
    feeds = _feeds(server, Fedora=Vendor(repositories={"fedora-42": tuple(urls)}))
    assert _failed(_update(server, feeds, Wanted(ecosystems=("Fedora",)))) == []
    assert _fixed("Fedora:42", "vim") == ["9.1-1.fc42"]


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("/arch/all.json", b"<html>maintenance</html>", "nothing in it can be used"),
        ("/arch/all.json", b"[1, 2]", "nothing in it can be used"),
        (f"{_FIRST}/repodata/repomd.xml", b"<html></html>", "no list of a repository"),
        (f"{_FIRST}/repodata/repomd.xml", b"<repomd><data", "no whole XML"),
        (f"{_FIRST}/repodata/repomd.xml", b"<repomd></repomd>", "has no advisories"),
        (f"{_FIRST}/repodata/repomd.xml", repomd(b"", "../x", "sha256"), "lists its advisories at"),
        (f"{_FIRST}/repodata/repomd.xml", repomd(b"", "x", "md5"), '"md5" is not supported'),
        (_AMAZON, b"<html></html>", "names no mirror"),
        (_AMAZON, b"file:///etc\nftp://x\n", "names no mirror"),
        (_AMAZON, b"http://[::1\nhttp://localhost:x/\nhttp://x/\xc3\xa9\n", "names no mirror"),
        (_AMAZON, b"http://127.0.0.1:9/\x1b[2J\n", "names no mirror"),
    ],
)
def test_what_cannot_be_read_keeps_the_former_state_and_is_named(
    server: FeedServer, path: str, content: bytes, why: str
) -> None:
    _update(server)
    kept, server.files[path] = server.files[path], content
    done = _update(server)
    (said,) = _failed(done)
    assert why in said
    assert done.report.records == 2
    server.files[path] = kept
    assert _failed(_update(server)) == []


def test_updates_that_are_no_whole_xml_keep_the_former_ones(server: FeedServer) -> None:
    _update(server)
    damaged = updateinfo(_CURL)[:-40]
    place = "repodata/updateinfo.xml.gz"
    server.files[f"{_FIRST}/{place}"] = damaged
    server.files[f"{_FIRST}/repodata/repomd.xml"] = repomd(damaged, place)
    done = _update(server)
    assert [one.partition(":")[0] for one in _failed(done)] == ["amazon-2023"]
    assert _fixed("Amazon Linux:2023", "openssl") == ["3.0.8-1.amzn2023"]


def test_a_list_that_is_ahead_of_its_files_keeps_the_former_ones(server: FeedServer) -> None:
    place = "repodata/updateinfo.xml.gz"
    server.files[f"{_FIRST}/{place}"] = updateinfo(_OPENSSL)
    server.files[f"{_FIRST}/repodata/repomd.xml"] = repomd(updateinfo(_OPENSSL), place)
    server.files[_AMAZON] = f"{server.url}{_FIRST}\n".encode()
    _update(server)
    server.files[f"{_FIRST}/repodata/repomd.xml"] = repomd(updateinfo(_CURL), place)
    (said,) = _failed(_update(server))
    assert "has not the digest that it must have" in said
    server.files[f"{_FIRST}/{place}"] = updateinfo(_CURL)
    assert _failed(_update(server)) == []
    assert _fixed("Amazon Linux:2023", "curl") == ["8.3.0-1.amzn2023"]


def test_an_interrupted_file_is_resumed(server: FeedServer) -> None:
    place = publish_repository(server, _FIRST, _OPENSSL, *[_CURL.replace("002", f"{n:03}")
                                                          for n in range(3, 200)])  # fmt: skip
    server.files[_AMAZON] = f"{server.url}{_FIRST}\n".encode()
    # KEV, EPSS, the list of mirrors and of files come before it.
    server.faults = ["", "", "", "", "cut"]
    assert _failed(_update(server))[0].startswith("amazon-2023")
    server.asked.clear()
    assert _failed(_update(server)) == []
    half = len(server.files[place]) // 2
    assert (place, f"bytes={half}-") in server.asked


def test_topics_of_a_catalogue_are_repositories_of_their_own(server: FeedServer) -> None:
    server.files["/2/extras-catalog.json"] = (
        b'{"motd": "", "topics": [{"n": "docker", "inst": ["docker"], "versions": ["stable"]},'
        b' {"n": "ansible2"}, {"n": "../../secret"}]}'
    )
    mirror = f"{server.url}/2/extras/docker/stable/x86_64/1\n"
    server.files["/2/extras/docker/latest/x86_64/mirror.list"] = mirror.encode()
    docker = update("ALASDOCKER-2026-003", "docker", "25.0.3", "1.amzn2")
    publish_repository(server, "/2/extras/docker/stable/x86_64/1", docker)
    extras = Topics(
        f"{server.url}/2/extras-catalog.json",
        f"{server.url}/2/extras/{{topic}}/latest/x86_64/mirror.list",
    )
    feeds = _feeds(server, extras=Vendor(topics={"amazon-2-extras": extras}))
    done = _update(server, feeds, Wanted(also=("extras",)))
    assert _failed(done) == []
    assert _fixed("Amazon Linux:2", "docker") == ["25.0.3-1.amzn2"]
    assert not [path for path, _ in server.asked if "secret" in path]
    for other in (b"<html>maintenance</html>", b'{"topics": []}'):
        server.files["/2/extras-catalog.json"] = other
        done = _update(server, feeds, Wanted(also=("extras",)))
        assert "it is no catalogue" in _failed(done)[0]
        assert done.report.records == 3


def test_documents_of_a_bundle_make_one_feed(server: FeedServer, shared: Path) -> None:
    with zipfile.ZipFile(shared / "secdb/alpine-secdb-2020-06.zip") as archive:
        parts = {
            name: msgspec.json.encode(
                yaml.load(archive.read(f"v3.11/{name}.yaml"), yaml.CSafeLoader)
            )
            for name in ("main", "community")
        }
    for name, content in parts.items():
        server.files[f"/v3.11/{name}.json"] = content
    bundle = {f"v3.11-{name}.json": f"{server.url}/v3.11/{name}.json" for name in parts}
    feeds = _feeds(server, secdb=Vendor(bundles={"alpine.secdb.zip": bundle}))
    wanted = Wanted(ecosystems=("secdb",))
    first = _update(server, feeds, wanted)
    assert first.report.ecosystems["Alpine:v3.11"] > 500
    assert "alpine.secdb.zip" in _update(server, feeds, wanted).unchanged
    server.files["/v3.11/main.json"] = b"maintenance"
    server.files["/v3.11/community.json"] = b"maintenance"
    done = _update(server, feeds, wanted)
    assert "nothing in it can be used" in _failed(done)[0]
    assert done.report.ecosystems == first.report.ecosystems


def test_lists_of_debian_are_fetched_as_files(server: FeedServer, shared: Path) -> None:
    for name in ("DSA", "DLA"):
        raw = lzma.decompress((shared / f"debian/{name}-list.txt.xz").read_bytes())
        server.files[f"/data/{name}/list"] = raw
    files = {f"{name}-list": f"{server.url}/data/{name}/list" for name in ("DSA", "DLA")}
    feeds = _feeds(server, lists=Vendor(files=files))
    done = _update(server, feeds, Wanted(ecosystems=("lists",)))
    assert _failed(done) == []
    assert done.report.ecosystems["Debian:11"] > 400


def test_a_server_of_ones_own_has_everything_by_name(server: FeedServer) -> None:
    publish_repository(server, "/own/amazon-2023", _CURL)
    server.files["/own/arch-all.json"] = _group("AVG-7", "7-1")
    done = _update(server, wanted=Wanted(urls=(f"{server.url}/own",)))
    assert _failed(done) == []
    assert {path.split("/")[1] for path, _ in server.asked} == {"own"}
    assert _fixed("Amazon Linux:2023", "curl") == ["8.3.0-1.amzn2023"]


def test_what_is_on_request_is_fetched_only_where_asked_for(server: FeedServer) -> None:
    more = Vendor(files={"arch-more.json": f"{server.url}/arch/more.json"})
    server.files["/arch/more.json"] = _group("AVG-2", "2-1")
    feeds = _feeds(server, more=more)
    assert _update(server, feeds).report.records == 2
    assert _update(server, feeds, Wanted(also=("more",))).report.records == 3
    only = Wanted(ecosystems=("Arch Linux",), accept_shrink=True)
    assert _update(server, feeds, only).report.ecosystems == {"Arch Linux": 1}
    with pytest.raises(UsageError, match='on request as "mroe"'):
        _update(server, feeds, Wanted(also=("mroe",)))


def test_the_list_of_feeds_names_forms_that_are_known() -> None:
    feeds = db.feed_list()
    vendors = [*feeds.vendors.values(), *feeds.on_request.values()]
    names = [name for one in vendors for name in (*one.files, *one.bundles)]
    assert [name for name in names if not is_native(name)] == []
    assert b"http://" not in read_vulndb("feeds.yaml")
    assert not set(feeds.vendors) & {*feeds.ecosystems, *feeds.on_request}
