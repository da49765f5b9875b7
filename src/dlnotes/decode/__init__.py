"""Decoding: from a model's probabilities of the next token to sequences."""
