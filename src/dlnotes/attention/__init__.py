"""Attention: a query looks at keys, and takes the mean of their values."""
