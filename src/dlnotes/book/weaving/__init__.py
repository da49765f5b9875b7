"""Weaves chapters and runs into the Markdown of pages, and does nothing else."""
