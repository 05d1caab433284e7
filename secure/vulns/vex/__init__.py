"""Statements of others on vulnerabilities: OpenVEX, CycloneDX VEX and CSAF, read and applied."""
