"""python -m symchain: the command line."""

from symchain.app.cli import main

main()
