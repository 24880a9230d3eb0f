"""The way to the platform."""
