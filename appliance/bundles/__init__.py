"""Model bundles: what may come in on a stick, by rules apart from I/O; FORMAT.md is the specification."""
