"""Judging derivatives that someone claims: proved, agrees, wrong with the mistake named, or undecided."""
