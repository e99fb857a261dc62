"""Derivatives of programs with families, as recursions."""
