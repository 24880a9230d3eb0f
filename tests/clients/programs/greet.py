"""Greet the caller of a job and count the letters of a secret: what every client uploads, runs and reads."""

import sys

secret = dbutils.secrets.get("clients", "password")  # type: ignore[name-defined]  # noqa: F821
print(f"hello {sys.argv[1]}, the secret has {len(secret)} letters")
