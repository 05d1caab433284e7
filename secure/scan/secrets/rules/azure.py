"""Microsoft Azure."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE62, BASE64, draw

RULES = (
    SecretRule(
        id="azure-storage-key",
        title="Azure storage account key",
        severity="critical",
        pattern=r"AccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)",
        binaries=True,
        check=random_token,
        sample=lambda rng: "AccountName=store;AccountKey=" + draw(rng, BASE64, 86) + "==",
        # The storage emulator's key is published and the same everywhere: no secret.
        negatives=("AccountKey=" + "A" * 86 + "==", "AccountKey=<key>"),
    ),
    SecretRule(
        id="azure-shared-access-key",
        title="Azure Service Bus or Event Hub key",
        severity="critical",
        pattern=r"SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{43}=)",
        binaries=True,
        check=random_token,
        sample=lambda rng: (
            "SharedAccessKeyName=root;SharedAccessKey=" + draw(rng, BASE64, 43) + "="
        ),
    ),
    SecretRule(
        id="azure-ad-client-secret",
        title="Azure AD client secret",
        severity="critical",
        pattern=r"(?<![A-Za-z0-9_~.])(?P<secret>[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34})"
        r"(?![A-Za-z0-9_~.-])",
        trigger=r"\dQ~[A-Za-z0-9_~.-]{31}",
        check=random_token,
        sample=lambda rng: "secret: " + draw(rng, BASE62, 3) + "8Q~" + draw(rng, BASE62, 34),
    ),
    token(
        "azure-devops-token",
        "Azure DevOps personal access token",
        r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}",
        lambda rng: draw(rng, BASE62, 76) + "AZDO" + draw(rng, BASE62, 4),
        trigger=r"AZDO[A-Za-z0-9]{4}",
    ),
)
