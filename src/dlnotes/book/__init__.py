"""The engine of the book: it runs snippets, keys the runs and weaves them into pages."""
