"""Functions of other libraries read as programs: what a call of NumPy, PyTorch or JAX is in the input language."""
