"""The launch gate's decision, remembered.

`decide_launch` is pure: the same policy, ask, machine and image verdict have the same answer until
a waiver expires. An allowed launch is asked again and again, and the rules cost more to import than
a container costs to start; so an answer that allows is kept. One that does not is never kept.

On the launch path.
"""

from __future__ import annotations

import marshal

from secure import __version__
from secure import system as os
from secure.facts.launch import BindAsk
from secure.facts.verdict import ALLOW, Verdict
from secure.flows import launch_cache
from secure.flows.clock import now
from secure.flows.plain_records import named, plain, verdict_from
from secure.policy.settings import Settings
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.launch import LaunchAsk, MachineFacts
    from secure.flows.policies import Effective


def decision(
    policy: Effective, ask: LaunchAsk, machine: MachineFacts, image: Verdict
) -> tuple[Verdict, Settings]:
    """The verdict on a launch and what the container gets; see `decide_launch`."""
    moment = now()
    place = launch_cache.place("decisions", _question(policy, ask, machine, image))
    kept = launch_cache.read_plain(place)
    if kept is not None:
        valid_until, fields, settings = kept
        verdict = verdict_from(fields)
        # An answer of the future is one of a wrong clock: it would be kept until then.
        if verdict.decided_at <= moment < valid_until:
            return replace(verdict, decided_at=moment), _settings_from(settings)
    from secure.policy.judge_launch import decide_launch

    full = policy.policy()
    answer, granted = decide_launch(full, ask, machine, image, moment)
    if answer.outcome == ALLOW:
        until = launch_cache.valid_until(full, moment)
        launch_cache.write_plain(place, [until, plain(answer), plain(granted)])
    return answer, granted


def _question(policy: Effective, ask: LaunchAsk, machine: MachineFacts, image: Verdict) -> bytes:
    # Form 2 of marshal: later ones write the same content in different ways.
    parts = [__version__, os.geteuid(), policy.digest, plain(ask), plain(machine), plain(image)]
    return marshal.dumps(parts, 2)


def _settings_from(fields: list[object]) -> Settings:
    values = named(Settings, fields)
    values["binds"] = tuple(BindAsk(*bind) for bind in values["binds"])
    return Settings(**values)
