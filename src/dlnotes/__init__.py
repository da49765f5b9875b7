"""Deep learning, written to be read: every model and training routine of the book."""
