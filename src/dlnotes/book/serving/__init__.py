"""Serves the book to its author, and builds it again when a file changes."""
