"""Finds what a program can reach in the package: the code that the key of a run covers.

What no syntax tree shows counts in full or is refused, with file and line.
"""
