"""French for kernels inside SciPy, PyTorch, JAX and Dask, for descents, and for samples that go by in chunks."""

from __future__ import annotations

ERRORS = {
    "{name} is not installed": "{name} n'est pas installé",
    "Install it: {command}.": "Installez-le~: {command}.",
    "{name} is not a kernel": "{name} n'est pas une fonction compilée",
    "the kernel returns no value with its gradient": "la fonction compilée ne rend pas de valeur avec son gradient",
    "Compile it with order=1 or order=2.": "Compilez-la avec order=1 ou order=2.",
    "Compile it with order=2.": "Compilez-la avec order=2.",
    # Parameters and samples.
    "the values are {kind}, not names with values": "les valeurs sont {kind}, et non des noms avec des valeurs",
    "Parameters need one too: where to start.": "Les paramètres en demandent une aussi~: le point de départ.",
    "{name} is declared {fact}: its entries are tied, and a step of each by itself breaks that": "{name} est déclaré {fact}~: ses "
    "coefficients sont liés, et un pas de chacun séparément romprait ce lien",
    "Write it in terms of free parameters: {code}, {other}.": "Écrivez-le à partir de paramètres libres~: {code}, {other}.",
    "The parameters are {names}.": "Les paramètres sont {names}.",
    "{name} has shape {a}, not {b}": "{name} est de taille {a}, pas {b}",
    "Give parameters of the shapes they had at the start.": "Donnez des paramètres de mêmes tailles qu'au départ.",
    "{name} is at the end of its range, where its {map} is infinite": "{name} est au bord de son intervalle, où son {map} est infini",
    "Start inside, or leave unbounded out and use the bounds.": "Partez de l'intérieur, ou retirez unbounded et employez les bornes.",
    "the parameters are one vector of {count} numbers, not of shape {shape}": "les paramètres sont un vecteur de {count} nombres, et non "
    "un tableau de taille {shape}",
    "Use pack.": "Employez pack.",
    "which dimension counts the samples is not told: {names} could": "on ne dit pas quelle dimension compte les exemples~: {names} sont "
    "possibles",
    "no dimension is named {name}": "aucune dimension ne s'appelle {name}",
    "Dimensions: {names}.": "Dimensions~: {names}.",
    "there are no samples": "il n'y a pas d'exemples",
    "Give at least one chunk that is not empty.": "Donnez au moins un morceau non vide.",
    "the kernel has no gradient by {name}": "la fonction compilée n'a pas de gradient par rapport à {name}",
    "It was compiled with respect to {names}; add {other} to wrt.": "Elle a été compilée par rapport à {names}~; ajoutez {other} à wrt.",
    "Two are all there are.": "Il n'y en a que deux.",
    "{output} is no sum or mean over the samples of {dim}: {block} reads several of them together": "{output} n'est ni une somme ni une "
    "moyenne sur les exemples de {dim}~: {block} en lit plusieurs ensemble",
    "Give all samples in one call.": "Donnez tous les exemples en un seul appel.",
    "{name} has not one axis of {dim} samples": "{name} n'a pas exactement un axe de {dim} exemples",
    "Give samples along one axis of each input.": "Donnez les exemples le long d'un axe de chaque entrée.",
    "{block} needs a sum over all samples before it goes on sample by sample": "{block} demande une somme sur tous les exemples avant de "
    "continuer exemple par exemple",
    "Samples cannot go by once; work that sum out first and give it as an input.": "Les exemples ne peuvent pas passer une seule fois~; "
    "calculez d'abord cette somme et donnez-la comme entrée.",
    "no input has an axis of size {dim}": "aucune entrée n'a d'axe de taille {dim}",
    "Name the dimension that counts the samples.": "Nommez la dimension qui compte les exemples.",
    "{name} is declared {fact}, which is about all samples together": "{name} est déclaré {fact}, ce qui concerne tous les exemples "
    "ensemble",
    "Declare it of another axis than {dim}.": "Déclarez-le pour un autre axe que {dim}.",
    # Chunks.
    "how many samples there are is part of what is worked out for each chunk":
    "le nombre d'exemples entre dans le calcul de chaque morceau",
    "Say samples=..., or give arrays or a list of chunks.": "Donnez samples=..., ou des tableaux, ou une liste de morceaux.",
    "{name} has an entry for each sample": "{name} a un coefficient par exemple",
    'Say where these go: into="a folder".': 'Dites où les ranger~: into="un dossier".',
    "a program of numbers has no samples to sum over": "un programme de nombres n'a pas d'exemples à sommer",
    "Declare them: x: (n,) and C = mean(...).": "Déclarez-les~: x: (n,) et C = mean(...).",
    "{names} in chunks have no first dimension in common": "{names}, donnés par morceaux, n'ont pas la même première dimension",
    "Declare the samples along the first axis of each: X: (n, p), y: (n,).": "Déclarez les exemples le long du premier axe de chacun~: "
    "X: (n, p), y: (n,).",
    "there are {a} samples, not {b}": "il y a {a} exemples, pas {b}",
    "Say samples=... as many as the chunks hold.": "Donnez à samples=... le nombre d'exemples des morceaux.",
    "{name} has an axis of {dim} samples too": "{name} a aussi un axe de {dim} exemples",
    "Give it in chunks, like the others.": "Donnez-le par morceaux, comme les autres.",
    "Give it either in chunks or in at.": "Donnez-le par morceaux ou dans at, pas les deux.",
    "a chunk holds {a}, not {b}": "un morceau contient {a}, pas {b}",
    "Give the same names in each.": "Donnez les mêmes noms dans chacun.",
    "the inputs of a chunk have {counts} samples": "les entrées d'un morceau ont {counts} exemples",
    "Cut them alike.": "Découpez-les de la même façon.",
    "'{path}' is there already": "«~{path}~» existe déjà",
    "Give another folder, or remove it.": "Donnez un autre dossier, ou supprimez celui-ci.",
    "'{path}' holds a run that is not finished": "«~{path}~» contient un calcul inachevé",
    "Go on with resume=True, or give another folder.": "Reprenez avec resume=True, ou donnez un autre dossier.",
    "'{path}' holds a run of something else": "«~{path}~» contient un autre calcul",
    "the chunks are cut otherwise than when the run was begun": "les morceaux ne sont plus découpés comme au début du calcul",
    "Cut them alike to resume.": "Découpez-les de même pour reprendre.",
    "the dask arrays have no chunks of the same known lengths": "les tableaux dask n'ont pas de morceaux de mêmes longueurs connues",
    "Rechunk them alike along axis 0.": "Redécoupez-les de la même façon le long de l'axe 0.",
    "{name} is no dask array": "{name} n'est pas un tableau dask",
    "Write {code}, or use kernel.over.": "Écrivez {code}, ou employez kernel.over.",
    # Descents.
    "the value is an array, and only a number has a way down": "la valeur est un tableau, et seul un nombre peut descendre",
    "Sum it in the program, or give single numbers.": "Sommez-la dans le programme, ou donnez des nombres.",
    "Newton's method needs second derivatives, over all samples":
    "la méthode de Newton demande les dérivées secondes, sur tous les exemples",
    "Compile the kernel with order=2, and leave batch out.": "Compilez avec order=2, et retirez batch.",
    "a batch says nothing of the loss on average: it is no sum or mean over samples, with terms without them": "un lot ne dit rien de la "
    "perte moyenne~: elle n'est ni une somme ni une moyenne sur les exemples, avec des termes sans eux",
    "Leave batch out.": "Retirez batch.",
    "a batch of {a} is more than there are samples: {b}": "un lot de {a} dépasse le nombre d'exemples, {b}",
    "the Hessian has no inverse at step {step}": "la hessienne n'est pas inversible au pas {step}",
    "Use another method, such as {name}.": "Prenez une autre méthode, {name} par exemple.",
    "steps": "pas",
    "diverged": "divergence",
    "gradient": "gradient nul",
    "asked": "demandé",
    # SciPy and PyTorch.
    "hvp is not the product of the Hessian by the one parameter with a vector": "hvp n'est pas le produit par un vecteur de la hessienne "
    "par rapport au seul paramètre",
    "Write {code}, for a kernel with respect to w alone.": "Écrivez {code}, pour une fonction compilée par rapport à w seul.",
    "the value has {a} entries and the state has {b}": "la valeur a {a} coefficients et l'état en a {b}",
    "Compile the right-hand side with respect to the state: one equation for each of its entries.": "Compilez le second membre par rapport "
    "à l'état~: une équation par coefficient.",
    "{name} is no input beside the parameters": "{name} n'est pas une entrée en plus des paramètres",
    "Leave unbounded out.": "Retirez unbounded.",
    "a kernel of target {target} takes no tensor on {device}": "une fonction compilée pour {target} ne prend pas de tenseur sur {device}",
    "Move it: {code}.": "Déplacez-le~: {code}.",
    "They are {names}.": "Ce sont {names}.",
}
