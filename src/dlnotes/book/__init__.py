"""The engine of the book: runs snippets, keys the runs, weaves them into pages."""
