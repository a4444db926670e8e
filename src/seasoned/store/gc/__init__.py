"""Deletes stored files that nothing references."""
