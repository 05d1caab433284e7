"""All secret rules, by vendor. Where two rules find the same bytes, the earlier one counts."""

from __future__ import annotations

from secure.scan.secrets.rules import (
    aws,
    azure,
    chat,
    generic,
    github,
    gitlab,
    google,
    hashicorp,
    hosting,
    language_models,
    login_files,
    mail_and_phone,
    observability,
    package_registries,
    payments,
    private_keys,
    web,
    work_tools,
)

RULES = (
    *private_keys.RULES,
    *aws.RULES,
    *google.RULES,
    *azure.RULES,
    *github.RULES,
    *gitlab.RULES,
    *chat.RULES,
    *payments.RULES,
    *package_registries.RULES,
    *mail_and_phone.RULES,
    *hosting.RULES,
    *hashicorp.RULES,
    *language_models.RULES,
    *work_tools.RULES,
    *observability.RULES,
    *login_files.RULES,
    *web.RULES,
    *generic.RULES,
)
