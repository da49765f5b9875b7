"""Builds both languages side by side, and publishes them when both are whole."""
