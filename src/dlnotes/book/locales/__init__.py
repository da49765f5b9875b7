"""The languages of the book: what each says, and how it is written."""
