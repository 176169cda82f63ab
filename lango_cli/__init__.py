"""lango: secrets and settings for people who run AI agents."""

__version__ = "0.1.0"
