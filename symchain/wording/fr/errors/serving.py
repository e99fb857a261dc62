"""French for `symchain serve` and `symchain mcp`."""

from __future__ import annotations

ERRORS = {
    "{name} is not installed, which `symchain {command}` needs": "{name} n'est pas installé, et `symchain {command}` en a besoin",
    "An address that others reach needs the name they call it by: --public NAME.": "Une adresse que d'autres atteignent demande le nom par "
    "lequel ils l'appellent~: --public NOM.",
    "workers with limits on time and memory need Linux, macOS or another POSIX system": "des processus limités en temps et en mémoire "
    "demandent Linux, macOS ou un autre système POSIX",
    "Run it there, or in a container.": "Lancez-le là, ou dans un conteneur.",
    "Tasks: {names}.": "Tâches~: {names}.",
    "Write one block a line, such as {code}.": "Écrivez un bloc par ligne, comme {code}.",
    "the text defines nothing": "le texte ne définit rien",
    "the program has {a} blocks; a picture has {b} at most": "le programme a {a} blocs~; un dessin en a {b} au plus",
    "Choose an earlier output.": "Choisissez une sortie située plus tôt.",
    "a check needs a name and a formula": "une vérification demande un nom et une formule",
    "Say by what, and write the derivative.": "Dites par rapport à quoi, et écrivez la dérivée.",
    "Formats: {names}.": "Formats~: {names}.",
    "Fields: {names}.": "Champs~: {names}.",
    "the field {name} has another type": "le champ {name} est d'un autre type",
    "See the fields in README.": "Voyez les champs dans README.",
    "{name} has {a} characters; {b} are read": "{name} a {a} caractères~; on en lit {b}",
    "Send it in parts.": "Envoyez-le par morceaux.",
    "Serve a page that answers while one types.": "Sert une page qui répond pendant qu'on écrit.",
    "Derivation, graph with sliders, checks of formulas and documents, code. On this machine alone; README says how to publish it.": "La "
    "dérivation, le graphe et ses curseurs, la vérification de formules et de documents, le code. Sur cette machine seulement~; README dit "
    "comment la publier.",
    "Where to listen.": "L'adresse d'écoute.",
    "A name that a proxy publishes it under: --public gradients.example.org.": "Le nom sous lequel un mandataire la publie~: --public "
    "gradients.example.org.",
    "Worker processes; by default two more than there are cores.": "Le nombre de processus~; par défaut deux de plus que de cœurs.",
    "Serve derive, check, explain, evaluate and grade as tools of the Model Context Protocol, on standard input and output.": "Sert "
    "derive, check, explain, evaluate et grade comme outils du Model Context Protocol, sur l'entrée et la sortie standard.",
}
