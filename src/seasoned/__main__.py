"""`python -m seasoned` is the command line."""

from seasoned.cli import main

main()
