"""Small field cases, each with its right value."""
