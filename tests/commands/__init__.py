"""Tests of the commands that need no appliance with models."""
