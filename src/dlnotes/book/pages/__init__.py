"""Reads a chapter: blocks, inline pieces and directives, each with its line."""
