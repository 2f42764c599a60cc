"""Pages on which people answer each other, read as threads, whatever engine made them."""
