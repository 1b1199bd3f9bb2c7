"""Scorers: leaf plugins that turn an output into numbers; the only home of torch."""
