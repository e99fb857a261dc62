"""French for the page: headings, buttons, and what stands below pictures."""

from __future__ import annotations

SENTENCES = {
    "page.title": "Comment {output} dépend de ses entrées",
    "page.program": "Programme",
    "page.graph": "Valeurs et gradients",
    "page.graph.note": "Survoler une boîte ou un trait montre sa dérivée locale.",
    "page.derivation": "Calcul du gradient",
    "page.by": "par rapport à",
    "page.together": "toutes ensemble",
    "page.substeps": "pas à pas",
    "page.sensitivity": "Sensibilité",
    "page.code": "Code",
    "page.code.numpy": "NumPy",
    "page.code.lines": "symchain",
    "page.code.latex": "LaTeX",
    "page.code.json": "JSON",
    "page.code.cut": "Le fichier est plus long~: {count} autres lignes ne sont pas affichées ici.",
    "page.copy": "Copier",
    "page.copied": "Copié",
    "page.fold": "Tout replier",
    "page.unfold": "Tout déplier",
    "page.slope": "Gradient",
    "page.elasticity": "Élasticité",
    "page.point": "Aucun point n'a été donné~: les nombres ci-dessous sont ceux d'un exemple.",
    "page.none": "Rien à montrer ici~: {reason}.",
    "page.foot": "Fait avec symchain {version}. Ce fichier est complet~: il ne charge rien.",
}
