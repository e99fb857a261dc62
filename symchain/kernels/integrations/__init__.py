"""Kernels in the tools their users live in: one module per partner, imported when a method of a kernel asks for it."""
