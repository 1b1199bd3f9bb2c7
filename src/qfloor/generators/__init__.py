"""Leaf plugins that make outputs: the painters, folders of files, and later one a seller."""
