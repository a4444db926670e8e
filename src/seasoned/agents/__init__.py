"""The programs that agents are: where they keep skills and settings, and how Seasoned is told to them."""
