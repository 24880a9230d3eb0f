"""Sends what is pending in the metadata tables to the platform: payload, HTTP client, transmitter."""
