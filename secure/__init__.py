"""secure: gate container images and run them hardened, with evidence."""

__version__ = "0.1.0"
