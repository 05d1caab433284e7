"""An image config as facts: what decisions and launches need of it."""

from __future__ import annotations

from secure.facts.image import ConfigFacts
from secure.oci.image_config import ImageConfig


def config_facts(config: ImageConfig) -> ConfigFacts:
    """The facts of `config`; what it does not set is empty, sets are sorted."""
    execution = config.execution
    health = execution.healthcheck
    return ConfigFacts(
        user=execution.user or "",
        env=execution.env or (),
        entrypoint=execution.entrypoint or (),
        cmd=execution.cmd or (),
        working_dir=execution.working_dir or "",
        exposed_ports=tuple(sorted(execution.exposed_ports or ())),
        volumes=tuple(sorted(execution.volumes or ())),
        labels=execution.labels or {},
        stop_signal=execution.stop_signal or "",
        healthcheck=(health.test or ()) if health else (),
        created=config.created or "",
        author=config.author or "",
        os=config.os,
        architecture=config.architecture,
        variant=config.variant or "",
    )
