"""Recurrent networks: plain, with gates, deep and in two directions."""
