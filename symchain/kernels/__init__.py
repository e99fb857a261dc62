"""Backends: Kernel data -> source -> callable. They import kernel, dimensions and errors alone, never SymPy."""
