"""Cloister: an air-gapped transcription appliance."""

from datetime import date

__version__ = "0.1.0"

RELEASED = date(2026, 11, 23)  # A clock that shows an earlier day is wrong; move it with the version.
