"""python -m symchain: the command line."""

from symchain.cli import main

main()
