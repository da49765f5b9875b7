"""Deep learning, to be read: the models and training routines of the book."""
