"""`secure demo`: the whole line, by the very commands a user would type."""

from __future__ import annotations

import os
import subprocess
import sys

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.cli.units import count
from secure.errors import LaunchError, SecureError
from secure.store.atomic import make_private_dir, remove_quietly

COMMAND = Command(
    name="demo",
    summary="Scan, gate, run and audit: on two small images made from this machine's own files,\n"
    "or on one of yours.",
    options=(
        Option("--image", "an image of yours instead", "REF|PATH"),
        Option("--seconds", "for your image: stop its program after so long", "NUMBER"),
    ),
)
_SECONDS = 20


def main(argv: list[str]) -> int:
    """0 where every step ended as it should."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    from secure.store.paths import data_dir

    folder = f"{data_dir()}/demo"
    make_private_dir(folder)
    seconds = count("--seconds", arguments.one("--seconds", str(_SECONDS)))
    if image := arguments.one("--image"):
        return _on_users_image(image, folder, seconds)
    return _on_own_images(folder)


def _on_own_images(folder: str) -> int:
    from secure.flows.demo_images import make_demo_images

    images = make_demo_images(folder)
    _title("Two images, made from this machine's own files")
    write(f"  {images.bad}\n  {images.good}\n")
    for path in (images.bad, images.good):
        _title(f"What is in {os.path.basename(path)}: SBOM and findings")
        _step(["scan", path], 0)
        _step(["sbom", path, "--output", f"{path}.cdx.json"], 0)
    _title("The gate refuses the bad image, with reasons (exit code 1)")
    _step(["check", images.bad], 1)
    _title("The gate lets the good image pass (exit code 0)")
    _step(["check", images.good], 0)
    _title("The bad image does not run either (exit code 125: not started)")
    _step(["run", "--rm", images.bad], 125)
    _title("The good image runs, hardened")
    _step(["run", "--rm", images.good], 0)
    return _evidence(folder)


def _on_users_image(image: str, folder: str, seconds: int) -> int:
    bill = f"{folder}/image.cdx.json"
    remove_quietly(bill)
    _title("What is in it: SBOM and findings")
    code = _step(["sbom", image, "--output", bill], None)
    if not os.path.exists(bill):
        return code  # every other step would say the same
    _step(["scan", image], None)
    _title("What the gate says")
    _step(["check", image], None)
    _title("Running it, hardened" + f" (stopped after {seconds} s)")
    if _step(["run", "--rm", image], None, seconds) == LaunchError.exit_code:
        write("\nIt was not started, so there is no evidence of it.\n")
        return 0
    return _evidence(folder)


def _evidence(folder: str) -> int:
    _title("The evidence the kernel gave, before the first instruction ran")
    _step(["audit", "evidence"], 0)
    _title("The audit log holds")
    _step(["audit", "verify"], 0)
    report = f"{folder}/report.html"
    _step(["audit", "report", "--output", report], 0)
    _title("The report")
    write(f"  file://{report}\n")
    return 0


def _title(text: str) -> None:
    write(f"\n== {text}\n")


def _step(argv: list[str], expected: int | None, seconds: int | None = None) -> int:
    """Run one command of ours and show it; returns its exit code.

    Raises:
        SecureError: it ended otherwise than the demo promises.
    """
    write(f"$ secure {' '.join(argv)}\n")
    ours = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__main__.py")
    process = subprocess.Popen([sys.executable, "-I", "-S", ours, *argv], stdin=subprocess.DEVNULL)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        code = process.wait()
    if expected is not None and code != expected:
        raise SecureError(f"secure {argv[0]} ended with {code}, not {expected}")
    return code
