"""The launch gate imports nothing heavy: each of these costs more than the whole decision."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEAVY = [
    "dataclasses",
    "datetime",
    "enum",
    "inspect",
    "json",
    "msgspec",
    "re",
    "subprocess",
    "typing",
    "yaml",
]


def test_the_launch_gate_imports_nothing_heavy() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import secure.policy.judge_launch\n"
        "from secure.policy.rules.launch_case import ASK, BOUNDS, IMAGE, MACHINE\n"
        "from secure.policy.settings import Policy\n"
        "policy = Policy('p', '', '0' * 64, (), BOUNDS, False, 9, (), (), ())\n"
        "secure.policy.judge_launch.decide_launch(policy, ASK, MACHINE, None, '2026-01-01')\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
