"""Reads the package and the snippets as text, and imports nothing of them.

Modules with their symbols, percent files with their cells, what names refer to, and
what a run of it needs installed.
"""
