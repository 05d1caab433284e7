"""Amazon Web Services."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE32, BASE64, draw

RULES = (
    token(
        "aws-access-key-id",
        "AWS access key id",
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        lambda rng: "AKIA" + draw(rng, BASE32, 16),
        severity="high",
        negatives=("AKIA" + "A" * 16, "AKIASHORT", "AKIA1890AAAAAAAA0189"),
    ),
    SecretRule(
        id="aws-secret-access-key",
        title="AWS secret access key",
        severity="critical",
        caseless=True,
        pattern=r"aws_?(?:secret|session)?_?(?:access_?)?(?:key|token)[\"']?"
        r"[ \t]{0,8}(?:=>|=|:)[ \t]{0,8}[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        trigger=r"aws_?(?:secret|session)?_?(?:access_?)?(?:key|token)[\"']?"
        r"[ \t]{0,8}(?:=>|=|:)[ \t]{0,8}[\"']?[A-Za-z0-9/+]{40}",
        check=lambda match, severity: random_token(match, severity, 4.0),
        sample=lambda rng: "aws_secret_access_key = " + draw(rng, BASE64, 40),
        negatives=("aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}", "aws_secret_access_key ="),
    ),
    token(
        "aws-bedrock-api-key",
        "AWS Bedrock API key",
        r"ABSK[A-Za-z0-9+/]{109,269}={0,2}",
        lambda rng: "ABSK" + draw(rng, BASE64, 128),
    ),
    token(
        "alibaba-access-key-id",
        "Alibaba Cloud access key id",
        r"LTAI[A-Za-z0-9]{20}",
        lambda rng: "LTAI" + draw(rng, BASE64[:62], 20),
        severity="high",
    ),
)
