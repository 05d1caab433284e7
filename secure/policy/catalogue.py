"""Every rule there is, in order of id."""

from __future__ import annotations

from secure.policy.rules.image_config import CONFIG_RULES
from secure.policy.rules.image_content import CONTENT_RULES
from secure.policy.rules.image_files import FILE_RULES
from secure.policy.rules.image_reference import REFERENCE_RULES
from secure.policy.rules.image_secrets import SECRET_RULES
from secure.policy.rules.image_vulnerabilities import VULNERABILITY_RULES
from secure.policy.rules.launch import LAUNCH_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.rule import Rule


def _by_id(rule: Rule) -> str:
    return rule.id


IMAGE_RULES = tuple(
    sorted(
        (
            *CONFIG_RULES,
            *REFERENCE_RULES,
            *CONTENT_RULES,
            *SECRET_RULES,
            *FILE_RULES,
            *VULNERABILITY_RULES,
        ),
        key=_by_id,
    )
)
RULES = tuple(sorted((*IMAGE_RULES, *LAUNCH_RULES), key=_by_id))
RULES_BY_ID = {rule.id: rule for rule in RULES}
