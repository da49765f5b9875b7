"""The Transformer: attention and dense layers, in blocks."""
