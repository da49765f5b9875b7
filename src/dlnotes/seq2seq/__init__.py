"""Sequence to sequence: one network reads, another one writes."""
