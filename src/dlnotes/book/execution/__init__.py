"""Starts, times, limits and ends the processes that run snippets."""
