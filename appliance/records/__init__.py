"""Rows and their queries: what is in clear, and the sealed bytes beside it."""
