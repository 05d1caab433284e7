"""Parse arguments, call one flow, print. No logic."""
