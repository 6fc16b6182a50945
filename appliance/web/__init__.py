"""The pages and the upload, over TLS."""
