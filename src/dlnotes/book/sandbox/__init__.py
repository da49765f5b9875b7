"""Runs a snippet in a process of its own; records what it shows and what it reads."""
