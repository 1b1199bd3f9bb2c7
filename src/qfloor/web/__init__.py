"""What qfloor serves over HTTP: the gateway for programs, blind sessions for people.

Each knows the stages it serves and nothing of the other; `wire` is how both hold connections.
"""
