"""Secret rules, one file per vendor."""
