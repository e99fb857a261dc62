"""English for `symchain doctor`: what each part is for."""

from __future__ import annotations

SENTENCES = {
    "doctor.there": "Installed:",
    "doctor.missing": "Not installed (symchain works without):",
    "doctor.cores": "{count} cores",
    "doctor.program": "one of {names}, from the packages of the system",
    "doctor.core": "the engine",
    "doctor.native": "kernels compiled to native code, target='c'",
    "doctor.zig": "a C compiler for machines without one",
    "doctor.export": "kernels compiled by Numba, target='numba'",
    "doctor.torch": "kernels on tensors, and as layers and losses of PyTorch: as_torch",
    "doctor.jax": "kernels inside of programs of JAX: as_jax",
    "doctor.dask": "data in chunks, beyond memory: on_dask",
    "doctor.distributed": "kernels on the workers of a cluster",
    "doctor.plot": "plots of descents and in notebooks",
    "doctor.pictures": "graphs and bars as PNG and PDF",
    "doctor.pdf": "derivations as PDF",
    "doctor.serve": "the page that answers while one types: symchain serve",
    "doctor.mcp": "tools for assistants: symchain mcp",
    "doctor.widgets": "sliders in notebooks",
}
