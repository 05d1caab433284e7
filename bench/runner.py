"""Run commands in turn, A B C A B C …, and compare them: ratios from one go, not seconds.

A machine that is slow for a minute is slow for every command alike, so minima and medians of one
table can be divided by each other; seconds of two tables cannot.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LEAST_RUNS = 20
_WARM_UP = 2
_PR_SET_CHILD_SUBREAPER = 36
_SETTLE_S = 0.3  # podman's pause process stays for good


@dataclass(frozen=True)
class Command:
    """One thing to time.

    Args:
        argv: argv[0] is an absolute path.
        before: called before each run, outside of the time.
        leaves: what it leaves running belongs to it (a container that was started).
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    before: Callable[[], None] | None = None
    leaves: bool = False


@dataclass(frozen=True)
class Sample:
    """One run: wall time and processor time in milliseconds, KiB of the largest process.

    The last is ru_maxrss of wait4(2): the most of the child and of every descendant that was waited
    for. The kernel counts what this runner held at the spawn as well, so it is never below that.
    """

    wall_ms: float
    cpu_ms: float
    rss_kib: int


@dataclass(frozen=True)
class Series:
    """All runs of one command."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def least_ms(self) -> float:
        return min(sample.wall_ms for sample in self.samples)

    @property
    def median_ms(self) -> float:
        return median(sample.wall_ms for sample in self.samples)

    @property
    def cpu_ms(self) -> float:
        return median(sample.cpu_ms for sample in self.samples)

    @property
    def rss_mib(self) -> float:
        return max(sample.rss_kib for sample in self.samples) / 1024


@dataclass(frozen=True)
class Goal:
    """What a figure has to reach.

    Args:
        found: the minimum's and the median's value.
        least: the goal is a least value, not a most.
    """

    what: str
    bound: float
    found: tuple[float, ...]
    unit: str = "x"
    least: bool = False

    @property
    def line(self) -> str:
        sign = ">=" if self.least else "<="
        values = " / ".join(f"{value:.2f}{self.unit}" for value in self.found)
        return f"{self.verdict:<7} {self.what}: {values}, goal {sign} {self.bound:g}{self.unit}"

    @property
    def verdict(self) -> str:
        met = [(value >= self.bound) if self.least else value <= self.bound for value in self.found]
        return "met" if all(met) else "partly" if any(met) else "MISSED"


@dataclass(frozen=True)
class Figure:
    """The result of one file here: what to print, and which goals it speaks of."""

    title: str
    lines: tuple[str, ...]
    goals: tuple[Goal, ...] = ()

    def text(self) -> str:
        return "\n".join([self.title, machine_line(), "", *self.lines, "",
                          *(goal.line for goal in self.goals), ""])  # fmt: skip


def interleave(commands: Sequence[Command], runs: int) -> dict[str, Series]:
    """Time every command `runs` times, in turn, after a warm-up.

    Raises:
        RuntimeError: a command failed: its time means nothing.
    """
    adopt_orphans()
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for turn in range(_WARM_UP + runs):
        for command in commands:
            sample = _once(command)
            if turn >= _WARM_UP:
                samples[command.name].append(sample)
    return {name: Series(name, tuple(found)) for name, found in samples.items()}


def _once(command: Command) -> Sample:
    if command.before:
        command.before()
    null = os.open(os.devnull, os.O_RDWR)
    os.chdir(command.folder)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in range(3)]
    started = time.perf_counter()
    pid = os.posix_spawn(command.argv[0], command.argv, command.env, file_actions=actions)
    ended = 0
    while ended != pid:  # orphans end here too
        ended, status, usage = os.wait4(-1, 0)
    wall = time.perf_counter() - started
    os.close(null)
    if not command.leaves:
        _settle()
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        raise RuntimeError(f"{command.name} ended with {code}: {' '.join(command.argv)}")
    return Sample(wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss)


def adopt_orphans() -> None:
    """Take the place of pid 1 for every descendant whose parent is gone.

    podman waits up to 20 s for its monitor to be reaped; a container's pid 1 may never do it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def _settle() -> None:
    """Wait for what a command left running, so that it does not slow the next one down."""
    until = time.monotonic() + _SETTLE_S
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def ratio(series: Series, base: Series) -> tuple[float, float]:
    """How many times `base` takes, by minimum and by median."""
    return series.least_ms / base.least_ms, series.median_ms / base.median_ms


def table(found: dict[str, Series], base: str) -> tuple[str, ...]:
    """One row a command, with its ratios to the command named `base`."""
    width = max(map(len, found))
    head = (
        f"{'':<{width}}  {'min ms':>8} {'median':>8} {'cpu':>8} {'MiB':>6}  x min   x median  x cpu"
    )
    rows = [head]
    for name, series in found.items():
        least, middle = ratio(series, found[base])
        rows.append(
            f"{name:<{width}}  {series.least_ms:>8.1f} {series.median_ms:>8.1f} "
            f"{series.cpu_ms:>8.1f} {series.rss_mib:>6.1f}  {least:>5.2f}   {middle:>5.2f}"
            f"     {_cpu_ratio(series, found[base])}"
        )
    runs = len(next(iter(found.values())).samples)
    rows.append(f"{runs} interleaved runs each; ratios to: {base}; cpu: user + system, median")
    return tuple(rows)


def _cpu_ratio(series: Series, base: Series) -> str:
    """Of processor time: says more than the clock on a machine that others use too."""
    return f"{series.cpu_ms / base.cpu_ms:>5.2f}" if base.cpu_ms else "    -"


def machine_line() -> str:
    """Where this was measured: it belongs to every figure."""
    name = os.uname()
    version = sys.version.partition(" ")[0]
    models = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
              if line.startswith("model name")]  # fmt: skip
    model = models[0].partition(":")[2].strip() if models else name.machine
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return f"Linux {name.release}, {cores} x {model}, Python {version}, load {load:.1f}"


def arguments(about: str, *more: tuple[str, str], least: int = LEAST_RUNS) -> argparse.Namespace:
    """The command line of a figure: --runs, and what it adds.

    Args:
        least: runs; fewer than usual only where one takes seconds.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--runs", type=int, default=least, help=f"at least {least}")
    for flag, text in more:
        parser.add_argument(flag, help=text)
    found = parser.parse_args()
    if found.runs < least:
        parser.error(f"--runs {found.runs}: fewer than {least} say nothing")
    return found
