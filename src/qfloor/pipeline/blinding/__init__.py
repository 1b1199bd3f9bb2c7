"""Blind sessions from stores and gateways, and what their votes come back as."""
