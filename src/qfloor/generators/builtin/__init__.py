"""The built-in painters: programs that draw with declared skill. They are not AI models."""
