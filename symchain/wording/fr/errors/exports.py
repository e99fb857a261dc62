"""French for kernels in other languages, for the formats of files, and for pictures."""

from __future__ import annotations

ERRORS = {
    # Targets.
    "there is no target {name} to export to": "il n'existe pas de cible {name} pour l'exportation",
    "{name} makes no functions here": "{name} ne donne pas de fonctions ici",
    "Targets of functions: {names}.": "Cibles qui donnent des fonctions~: {names}.",
    'pip install {name}, or pip install "symchain[{extra}]".': 'Exécutez pip install {name}, ou pip install "symchain[{extra}]".',
    "the arguments are {names}": "les arguments sont {names}",
    "Give each of them, by name or in order.": "Donnez chacun d'eux, par son nom ou dans l'ordre.",
    "the target {target} has no {name}": "la cible {target} ne connaît pas {name}",
    "the target {target} has no way to find the size {letter}, which no axis has by itself": "la cible {target} ne peut pas trouver la "
    "dimension {letter}, qu'aucun axe n'a à lui seul",
    "Export to numpy, which has everything, or to torch or jax, or compile here.": "Exportez vers numpy, qui connaît tout, ou vers torch "
    "ou jax, ou compilez ici.",
    "no point was found for the self-test": "aucun point n'a été trouvé pour l'autotest",
    "Give one: kernel.export(target, at={point}), --at x=1.5,w=0.8.": "Donnez-en un~: kernel.export(target, at={point}), --at x=1.5,w=0.8.",
    "a kernel of loops is not exported to {target}": "une fonction compilée à boucles ne s'exporte pas vers {target}",
    "a kernel of loops makes no function of {target}": "une fonction compilée à boucles ne donne pas de fonction de {target}",
    "Fix the lengths, as in program.unrolled(L=3), and compile that program.": "Fixez les longueurs, comme dans program.unrolled(L=3), et "
    "compilez ce programme.",
    # Formats of files.
    "this command writes no {ending} files; it writes {endings}.": "cette commande n'écrit pas de fichiers {ending}~; elle écrit "
    "{endings}.",
    "{option} {medium} does not go with {output}: {ending} is for {media}.": "{option} {medium} ne va pas avec {output}~: {ending} est "
    "pour {media}.",
    "By default what the name after -o ends in, else {medium}.": "Par défaut, celui qu'annonce la fin du nom donné "
    "après -o, sinon {medium}.",
    "With --target it is a file that runs where symchain is not installed, with a self-test (at a point of yours with --at). Else -o saves "
    "the kernel, which symchain.load reads.": "Avec --target, c'est un fichier qui s'exécute là où symchain n'est pas installé, avec un "
    "autotest (en un point de votre choix avec --at). Sinon, -o enregistre la fonction compilée, que symchain.load relit.",
    # Pictures.
    "pictures as PNG and PDF need CairoSVG, which is not installed": "les images PNG et PDF demandent CairoSVG, qui n'est pas installé",
    'Install the extra (pip install "symchain[pictures]"), or take SVG.': 'Installez l\'extra (pip install "symchain[pictures]"), ou '
    "prenez le format SVG.",
}
