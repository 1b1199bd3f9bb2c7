"""Leaf plugins that make outputs: the painters, folders of files, open weights, sellers."""
