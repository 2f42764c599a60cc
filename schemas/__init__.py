"""The schemas of all rows on disk. This package imports no other one of the project."""
