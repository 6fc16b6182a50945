"""Tests of the built container image, on the hardened compose file."""
