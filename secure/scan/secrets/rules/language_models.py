"""OpenAI, Anthropic, Hugging Face, Groq, Perplexity, Replicate, xAI."""

from __future__ import annotations

from secure.scan.secrets.rule import token
from secure.scan.secrets.samples import BASE62, LOWER, UPPER, URL64, draw

_LETTERS = UPPER + LOWER

RULES = (
    token(
        "openai-key",
        "OpenAI API key",
        r"sk-(?:(?:proj|svcacct|admin|None)-)?[0-9A-Za-z_-]{20,100}T3BlbkFJ[0-9A-Za-z_-]{20,100}",
        lambda rng: f"sk-proj-{draw(rng, URL64, 74)}T3BlbkFJ{draw(rng, URL64, 74)}",
        # "T3BlbkFJ" is base64 for "OpenAI": the whole form is asked of `re` only.
        trigger=r"T3BlbkFJ[0-9A-Za-z_-]{20}",
    ),
    token(
        "anthropic-key",
        "Anthropic API key",
        r"sk-ant-[a-z]{3,8}[0-9]{2}-[0-9A-Za-z_-]{80,120}",
        lambda rng: f"sk-ant-api03-{draw(rng, URL64, 93)}AA",
        trigger=r"sk-ant-[a-z]{3,8}[0-9]{2}-[0-9A-Za-z_-]{80}",
        negatives=("sk-ant-api03-" + "x" * 95,),
    ),
    token(
        "huggingface-token",
        "Hugging Face token",
        r"(?:hf|api_org)_[A-Za-z]{34}",
        lambda rng: "hf_" + draw(rng, _LETTERS, 34),
        negatives=("hf_" + "x" * 34, "hf_hub_download"),
    ),
    token(
        "groq-key",
        "Groq API key",
        r"gsk_[0-9A-Za-z]{52}",
        lambda rng: "gsk_" + draw(rng, BASE62, 52),
    ),
    token(
        "perplexity-key",
        "Perplexity API key",
        r"pplx-[0-9A-Za-z]{48}",
        lambda rng: "pplx-" + draw(rng, BASE62, 48),
    ),
    token(
        "replicate-token",
        "Replicate API token",
        r"r8_[0-9A-Za-z]{37}",
        lambda rng: "r8_" + draw(rng, BASE62, 37),
    ),
    token(
        "xai-key", "xAI API key", r"xai-[0-9A-Za-z]{80}", lambda rng: "xai-" + draw(rng, BASE62, 80)
    ),
)
