"""Tells what is wrong with the sources of the book, with file and line."""
