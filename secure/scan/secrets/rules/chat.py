"""Slack, Discord, Telegram, Microsoft Teams."""

from __future__ import annotations

from secure.scan.secrets.rule import token
from secure.scan.secrets.samples import BASE62, DIGITS, HEX, LOWER36, UPPER, URL64, draw

RULES = (
    token(
        "slack-token",
        "Slack token",
        r"xox[abepors]-(?:[0-9]-)?[0-9]{10,13}-[0-9A-Za-z-]{20,250}",
        lambda rng: f"xoxb-{draw(rng, DIGITS, 11)}-{draw(rng, DIGITS, 12)}-{draw(rng, BASE62, 24)}",
        trigger=r"xox[abepors]-(?:[0-9]-)?[0-9]{10,13}-[0-9A-Za-z-]{20}",
        negatives=("xoxb-your-token-here", "xoxb-111111111111-111111111111-" + "x" * 24),
    ),
    token(
        "slack-app-token",
        "Slack app-level token",
        r"xapp-[0-9]-[A-Z0-9]{9,13}-[0-9]{10,14}-[a-z0-9]{32,80}",
        lambda rng: (
            f"xapp-1-{draw(rng, UPPER, 11)}-{draw(rng, DIGITS, 13)}-{draw(rng, LOWER36, 64)}"
        ),
    ),
    token(
        "slack-webhook",
        "Slack webhook address",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,60}",
        lambda rng: (
            "https://hooks.slack.com/services/T"
            f"{draw(rng, UPPER, 8)}/B{draw(rng, UPPER, 10)}/{draw(rng, BASE62, 24)}"
        ),
        severity="high",
        negatives=("https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,),
    ),
    token(
        "discord-webhook",
        "Discord webhook address",
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,72}",
        lambda rng: (
            f"https://discord.com/api/webhooks/{draw(rng, DIGITS, 18)}/{draw(rng, URL64, 68)}"
        ),
        severity="high",
    ),
    token(
        "discord-bot-token",
        "Discord bot token",
        r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}",
        lambda rng: f"Bot M{draw(rng, URL64, 23)}.{draw(rng, URL64, 6)}.{draw(rng, URL64, 38)}",
        # Bare, the form is too common (minified code, compressed text): the header word is asked.
        trigger=r"(?:Bot |(?i:discord)[A-Za-z_]{0,20}[\"']?[ =:]{1,3}[\"']?)"
        r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",
    ),
    token(
        "telegram-bot-token",
        "Telegram bot token",
        r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
        lambda rng: f"{draw(rng, DIGITS, 9)}:AA{draw(rng, URL64, 33)}",
    ),
    token(
        "teams-webhook",
        "Microsoft Teams webhook address",
        r"webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}",
        lambda rng: (
            "https://acme.webhook.office.com/webhookb2/"
            f"{draw(rng, HEX, 36)}@{draw(rng, HEX, 36)}/IncomingWebhook/{draw(rng, HEX, 32)}"
        ),
        severity="high",
    ),
)
