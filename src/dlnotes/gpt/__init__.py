"""A language model of Transformer blocks: the decoder alone."""
