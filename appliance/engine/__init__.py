"""The five stages from samples to a transcript. The only package that touches torch."""
