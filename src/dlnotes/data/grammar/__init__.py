"""Sentences in English and Chinese at once, drawn from a grammar."""
