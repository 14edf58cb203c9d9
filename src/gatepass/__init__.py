"""Gatepass: log in once, and every service checks the pass by itself."""

__version__ = "0.1.0.dev0"
