"""Writes a snippet as one standalone program, with all that it needs of the package."""
