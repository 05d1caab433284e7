"""SendGrid, Mailgun, Mailchimp, Brevo, Twilio."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE62, HEX, URL64, draw

RULES = (
    token(
        "sendgrid-key",
        "SendGrid API key",
        r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}",
        lambda rng: f"SG.{draw(rng, URL64, 22)}.{draw(rng, URL64, 43)}",
    ),
    SecretRule(
        id="mailgun-key",
        title="Mailgun API key",
        severity="critical",
        caseless=True,
        pattern=r"mailgun[^\n]{0,60}?(?P<secret>(?:pub)?key-[0-9a-f]{32})(?![0-9a-f])",
        trigger=r"mailgun[^\n]{0,60}key-[0-9a-f]{32}",
        check=random_token,
        sample=lambda rng: "MAILGUN_API_KEY=key-" + draw(rng, HEX, 32),
        negatives=("mailgun key-name", "MAILGUN_API_KEY=key-" + "0" * 32),
    ),
    SecretRule(
        id="mailchimp-key",
        title="Mailchimp API key",
        severity="critical",
        caseless=True,
        pattern=r"mailchimp[^\n]{0,60}?(?P<secret>[0-9a-f]{32}-us[0-9]{1,2})(?![0-9a-z])",
        trigger=r"mailchimp[^\n]{0,60}[0-9a-f]{32}-us[0-9]",
        check=random_token,
        sample=lambda rng: f"MAILCHIMP_API_KEY={draw(rng, HEX, 32)}-us12",
    ),
    token(
        "brevo-key",
        "Brevo (Sendinblue) API key",
        r"xkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}",
        lambda rng: f"xkeysib-{draw(rng, HEX, 64)}-{draw(rng, BASE62, 16)}",
    ),
    token(
        "twilio-key",
        "Twilio API key",
        r"SK[0-9a-f]{32}",
        lambda rng: "SK" + draw(rng, HEX, 32),
        severity="high",
        negatives=("SK" + "0" * 32,),
    ),
)
