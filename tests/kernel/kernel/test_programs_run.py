"""Programs of many kinds do the same under the default filter as without it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from confinement import ROOT, filter_of, ordinary_uid, run

pytestmark = pytest.mark.kernel

PYTHON = """
import os, socket, ssl, subprocess, threading, tempfile, asyncio, multiprocessing, select
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
print(socket.create_connection(server.getsockname()).recv(5))
print(subprocess.run(["echo", "child"], capture_output=True).stdout)
with tempfile.TemporaryFile() as file:
    file.write(b"x"); file.flush(); os.fsync(file.fileno())
async def main(): return await (await asyncio.create_subprocess_exec("true")).wait()
print(asyncio.run(main()), socket.getaddrinfo("127.0.0.1", 80)[0][4], os.cpu_count() > 0)
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-1, -2]))
"""
NODE = """
const net = require("net"), os = require("os"), fs = require("fs");
const { Worker } = require("worker_threads");
const { execFileSync } = require("child_process");
console.log(String(execFileSync("echo", ["child"])));
console.log(Object.keys(os.networkInterfaces()).length > 0);
new Worker("require('worker_threads').parentPort.postMessage(1)", { eval: true })
  .on("message", (m) => console.log("worker", m));
const server = net.createServer((s) => s.end("hello")).listen(0, "127.0.0.1", () =>
  net.connect(server.address().port, "127.0.0.1").on("data", (d) => {
    console.log(String(d)); server.close(); }));
fs.promises.readFile("/etc/passwd").then((b) => console.log(b.length > 0));
"""
PROGRAMS = {
    "glibc, dynamic": ["ls", "-ld", "/", "/etc/passwd"],
    "glibc, static": [
        "busybox",
        "sh",
        "-c",
        "echo $((6*7)) | busybox cat; busybox ls -d /; busybox id -u",
    ],
    "shell, pipes": [
        "sh",
        "-c",
        "echo one two | tr ' ' '\\n' | sort -r; (sleep 0.01 & wait); umask",
    ],
    "python": ["/usr/bin/python3", "-I", "-c", PYTHON],
    "node": ["node", "-e", NODE],
    "java": ["java", "-version"],
    "go": ["go", "version"],
    "perl": ["perl", "-e", "print sort(map { $_ * 2 } 1..3), `echo child`"],
    "tar and gzip": ["sh", "-c", "tar -C /etc -czf - passwd group | tar -tzf - | sort"],
    "openssl": ["openssl", "version"],
    "git": ["git", "--version"],
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_program_does_the_same_under_the_filter(name: str) -> None:
    command = PROGRAMS[name]
    found = shutil.which(command[0])
    if found is None:
        pytest.skip(f"{command[0]} is not installed")
    command = [found, *command[1:]]

    filtered = run(filter_of("default"), command=command, uid=ordinary_uid())
    control = run(command=command, uid=ordinary_uid())

    assert control.returncode == 0, control.stderr
    assert (filtered.returncode, sorted(filtered.stdout.splitlines()), filtered.stderr) == (
        0,
        sorted(control.stdout.splitlines()),
        control.stderr,
    )


def test_a_rust_program_does_the_same_under_the_filter() -> None:
    ruff = shutil.which("ruff", path=str(ROOT / ".venv" / "bin")) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    command = [ruff, "check", "--isolated", "--no-cache", str(ROOT / "secure")]

    filtered, control = run(filter_of("default"), command=command), run(command=command)

    assert (filtered.returncode, filtered.stdout) == (control.returncode, control.stdout)


def test_a_musl_program_does_the_same_under_the_filter(shared: Path, tmp_path: Path) -> None:
    archive = shared / "images" / "alpine-minirootfs-3.18.9-x86_64.tar.gz"
    if not archive.exists():
        pytest.skip(f"no {archive.name}")
    for member in ("bin/busybox", "lib/ld-musl-x86_64.so.1"):
        with tarfile.open(archive) as tar:
            content = tar.extractfile(f"./{member}")
            assert content is not None
            (tmp_path / Path(member).name).write_bytes(content.read())
    loader, busybox = tmp_path / "ld-musl-x86_64.so.1", tmp_path / "busybox"
    loader.chmod(0o755)
    command = [str(loader), str(busybox), "sh", "-c", "echo a; (echo b | cat); ls -d /; id -u"]

    filtered, control = run(filter_of("default"), command=command), run(command=command)

    assert control.stdout.startswith("a\nb\n/\n")
    assert (filtered.returncode, filtered.stdout) == (0, control.stdout)


GO = """
package main

import ("fmt"; "io"; "net"; "os"; "os/exec"; "sync"; "time")

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { panic(err) }
	go func() { c, _ := listener.Accept(); io.WriteString(c, "hello"); c.Close() }()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil { panic(err) }
	said, _ := io.ReadAll(c)
	var group sync.WaitGroup
	group.Add(64)
	for i := 0; i < 64; i++ { go func() { time.Sleep(time.Millisecond); group.Done() }() }
	group.Wait()
	child, err := exec.Command("echo", "child").Output()
	list, _ := os.ReadDir("/etc")
	fmt.Println(string(said), string(child), err, len(list) > 0)
}
"""
RUST = """
use std::{fs, io::{Read, Write}, net::{TcpListener, TcpStream}, process::Command, thread};

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"hello").unwrap());
    let mut said = String::new();
    TcpStream::connect(place).unwrap().read_to_string(&mut said).unwrap();
    server.join().unwrap();
    let child = Command::new("echo").arg("child").output().unwrap().stdout;
    println!("{said} {} {}", String::from_utf8(child).unwrap(), fs::read("/etc/passwd").is_ok());
}
"""
JAVA = """
import java.io.*; import java.net.*; import java.nio.file.*; import java.util.stream.*;

public class Main {
    public static void main(String[] a) throws Exception {
        var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        new Thread(() -> { try (var s = server.accept()) { s.getOutputStream().write(42); }
            catch (IOException e) { throw new UncheckedIOException(e); } }).start();
        System.out.println(new Socket(server.getInetAddress(), server.getLocalPort())
            .getInputStream().read());
        System.out.println(IntStream.range(0, 10_000).parallel().sum());
        var child = new ProcessBuilder("echo", "child").start();
        System.out.println(new String(child.getInputStream().readAllBytes()));
        System.out.println(Files.exists(Path.of("/etc/passwd")));
    }
}
"""
BUILT = {
    "go": ("go", "main.go", GO, ("go", "build", "-o", "main", "main.go"), ("./main",)),
    "rust": ("rustc", "main.rs", RUST, ("rustc", "-o", "main", "main.rs"), ("./main",)),
    "java": ("javac", "Main.java", JAVA, ("javac", "Main.java"), ("java", "-cp", ".", "Main")),
}


@pytest.mark.parametrize("language", sorted(BUILT))
def test_a_network_service_runs_under_the_web_filter(language: str, tmp_path: Path) -> None:
    compiler, file, source, build, command = BUILT[language]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / file).write_text(source)
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    words = ["sh", "-c", f"cd {tmp_path} && exec {' '.join(command)}"]

    control = run(command=words)
    assert control.returncode == 0, control.stderr
    for profile in ("default", "web"):
        filtered = run(filter_of(profile), command=words)
        assert (filtered.returncode, filtered.stdout) == (0, control.stdout), filtered.stderr
    # The control of the control: without sockets the same program fails.
    assert run(filter_of("batch"), command=words).returncode != 0


LOCAL = ("glibc, dynamic", "glibc, static", "shell, pipes", "perl", "tar and gzip")
UNDER = {"strict": LOCAL, "batch": (*LOCAL, "java", "go", "openssl", "git"),
         "web": tuple(sorted(PROGRAMS))}  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "name"), [(profile, name) for profile, names in UNDER.items() for name in names]
)
def test_a_program_runs_under_the_narrowest_filter_that_suits_it(profile: str, name: str) -> None:
    command = PROGRAMS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")

    filtered = run(filter_of(profile), command=command, uid=ordinary_uid())
    control = run(command=command, uid=ordinary_uid())

    assert filtered.returncode == 0, filtered.stderr
    assert sorted(filtered.stdout.splitlines()) == sorted(control.stdout.splitlines())
