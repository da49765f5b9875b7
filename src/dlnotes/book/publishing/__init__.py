"""Builds all languages side by side, and publishes them when all are whole."""
