"""French for `symchain doctor`: what each part is for."""

from __future__ import annotations

SENTENCES = {
    "doctor.there": "Installé~:",
    "doctor.missing": "Pas installé (symchain fonctionne sans)~:",
    "doctor.cores": "{count} cœurs",
    "doctor.program": "l'un de {names}, parmi les paquets du système",
    "doctor.core": "le moteur",
    "doctor.native": "noyaux compilés en code natif, target='c'",
    "doctor.zig": "un compilateur C pour les machines qui n'en ont pas",
    "doctor.export": "noyaux compilés par Numba, target='numba'",
    "doctor.torch": "noyaux sur des tenseurs, et comme couches et coûts de PyTorch~: as_torch",
    "doctor.jax": "noyaux à l'intérieur de programmes JAX~: as_jax",
    "doctor.dask": "données par morceaux, au-delà de la mémoire~: on_dask",
    "doctor.distributed": "noyaux sur les machines d'une grappe de calcul",
    "doctor.plot": "courbes des descentes et des notebooks",
    "doctor.pictures": "graphes et barres en PNG et en PDF",
    "doctor.pdf": "dérivations en PDF",
    "doctor.serve": "la page qui répond pendant que l'on tape~: symchain serve",
    "doctor.mcp": "outils pour assistants~: symchain mcp",
    "doctor.widgets": "curseurs dans les notebooks",
}
