"""The training loop, seeds and history."""
