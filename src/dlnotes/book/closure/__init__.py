"""Finds what a program needs of the package: the code of its key and of its one file.

What names do not tell is refused, with file and line.
"""
