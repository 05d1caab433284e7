"""The vocabulary both flows share: what was found, what the kernel says, what was decided. Pure."""
