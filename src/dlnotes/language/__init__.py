"""Language models: from a text to tokens, and from tokens to probabilities."""
