"""Keeps what is made: the store of runs and the cache of everything derived from them.

A file is there whole or not at all, and what cannot be read counts as not there.
"""
