"""Tells which runs are fresh by fingerprints of their inputs, and runs the others."""
