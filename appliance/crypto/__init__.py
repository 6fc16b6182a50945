"""Sealing: one format layer per module; FORMAT.md is the specification."""
