"""Renders outputs, code to copy and runs as HTML."""
