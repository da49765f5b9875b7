"""`python -m dlnotes.book` is the command `dlnotes`."""

import sys

from dlnotes.book.cli import main

sys.exit(main())
