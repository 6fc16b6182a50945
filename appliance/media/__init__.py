"""Decoding of hostile media, run only inside the decoder's cage."""
