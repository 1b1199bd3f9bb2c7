"""The documentation does what it says: pages are executed, links lead somewhere."""
