"""LaTeX in: the equations people already have, read as a program and its derivative statements."""
