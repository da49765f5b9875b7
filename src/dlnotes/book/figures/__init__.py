"""Turns a figure of matplotlib into one themed SVG whose labels can be translated."""
