"""What a language needs: a catalogue, terms and their hover texts, typography."""
