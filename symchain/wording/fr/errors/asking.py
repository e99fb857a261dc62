"""French for what is asked of a program: derivatives, checks, pictures, models, files of answers; and the messages of the command line."""

from __future__ import annotations

ERRORS = {
    "{name} is a number; it cannot vary, so a derivative with respect to {name} has no meaning": "{name} est un nombre~; il ne varie pas, "
    "donc une dérivée par rapport à {name} n'a pas de sens",
    "Give the number a name: f = c*x, then df/dc = x, evaluated at c = {number}: still x.": "Donnez un nom à ce nombre~: f = c*x, alors "
    "df/dc = x, qui vaut encore x en c = {number}.",
    "{what} is {value}": "{what} vaut {value}",
    "Choose one of: {names}.": "Choisissez parmi~: {names}.",
    "one or two arguments are expected, not {count}": "il faut un ou deux arguments, pas {count}",
    "no name to differentiate by is given": "on ne dit pas par rapport à quel nom dériver",
    '{a}, or {b} for the last block.': '{a}, ou {b} pour le dernier bloc.',
    'derive("C", "W"), or derive("W").': 'derive("C", "W"), ou derive("W").',
    "a product with the Hessian is by a name, not by {name}": "un produit avec la hessienne se prend par rapport à un nom, pas à {name}",
    "the name {name} is taken": "le nom {name} est pris",
    "Give another one with vector=.": "Donnez-en un autre avec vector=.",
    "vector is {kind}, not a name": "vector est {kind}, pas un nom",
    "{output} does not depend on {wrt}": "{output} ne dépend pas de {wrt}",
    "{block} reads a {name} that is not the program's": "{block} lit un {name} qui n'est pas celui du programme",
    "{output} is not a scalar, so it has no Hessian-vector product": "{output} n'est pas un nombre~: il n'y a pas de produit de sa "
    "hessienne par un vecteur",
    "Choose a scalar output.": "Choisissez une sortie qui soit un nombre.",
    "the program has no blocks": "le programme n'a pas de bloc",
    "Define at least one: y = ...": "Définissez-en au moins un~: y = ...",
    "{output} is an input, not a block": "{output} est une entrée, pas un bloc",
    "there is no block {name}": "il n'y a pas de bloc {name}",
    "there is no name {name} to differentiate by": "il n'y a pas de nom {name} par rapport auquel dériver",
    "{kind} is no name to differentiate by": "{kind} n'est pas un nom par rapport auquel dériver",
    "the program has no input to differentiate by": "le programme n'a pas d'entrée par rapport à laquelle dériver",
    "Put a name where something varies: y = 3*x.": "Mettez un nom là où quelque chose varie~: y = 3*x.",
    "{name} is a dimension, a whole number: nothing can be differentiated by it": "{name} est une dimension, un nombre entier~: on ne "
    "dérive pas par rapport à elle",
    "{kind} objects are not pickled": "les objets {kind} ne passent pas par pickle",
    "Send str(program) and read it with symchain.parse there; kernels can be pickled.": "Envoyez str(program) et relisez-le là-bas avec "
    "symchain.parse~; les fonctions compilées passent par pickle.",
    # The public functions.
    "the expression is a matrix of shape {shape}, not one value": "l'expression est une matrice de taille {shape}, pas une valeur",
    "{name} is a matrix of shape {shape}, not one value": "{name} est une matrice de taille {shape}, pas une valeur",
    "jacobian(list(M), symbols) differentiates every entry of a Matrix M.": "jacobian(list(M), symbols) dérive chaque coefficient d'une "
    "Matrix M.",
    "{kind} is no list of expressions": "{kind} n'est pas une liste d'expressions",
    "{kind} is no list of symbols": "{kind} n'est pas une liste de symboles",
    "{symbol} is a text, not a symbol": "{symbol} est un texte, pas un symbole",
    "Write {code}; texts go to symchain.parse.": "Écrivez {code}~; les textes se donnent à symchain.parse.",
    "{kind} is not a symbol, and nothing else can be differentiated by": "{kind} n'est pas un symbole, et on ne dérive que par rapport à "
    "un symbole",
    "Replace it by a symbol first: {code}.": "Remplacez-la d'abord par un symbole~: {code}.",
    # Checks and answers.
    "the steps are no texts": "les étapes ne sont pas des textes",
    "a derivation has at most {count} formulas": "une dérivation a au plus {count} formules",
    "Check it in parts.": "Vérifiez-la par morceaux.",
    "the answer makes an array of more than a million entries": "la réponse fait un tableau de plus d'un million de coefficients",
    "Write what the program's own shapes give.": "Écrivez ce que donnent les tailles du programme.",
    "the answers do not say by what the derivative is": "les réponses ne disent pas par rapport à quoi on dérive",
    'Give a column wrt, or wrt="w" (--wrt w).': 'Donnez une colonne wrt, ou wrt="w" (--wrt w).',
    "answer {number} is {kind}, not a text or a mapping of id, output, wrt and claim": "la réponse {number} est {kind}, ni un texte ni une "
    "table id, output, wrt, claim",
    "an answer has at most {count} characters": "une réponse a au plus {count} caractères",
    "Give the formula alone.": "Donnez la formule seule.",
    "the answer nests more than {count} deep": "la réponse emboîte plus de {count} niveaux",
    "Write it with fewer brackets.": "Écrivez-la avec moins de parenthèses.",
    "the output is {kind}, not a name": "la sortie est {kind}, pas un nom",
    "the claim is {kind}, not a text": "la réponse est {kind}, pas un texte",
    "Write the formula as a text: {code}.": "Écrivez la formule comme un texte~: {code}.",
    "line {line} of the answers is not CSV: {reason}": "la ligne {line} des réponses n'est pas du CSV~: {reason}",
    "A cell with a quote, a line end or a delimiter in it stands in quotes: {code}.": "Une cellule qui contient un guillemet, une fin de "
    "ligne ou un séparateur se met entre guillemets~: {code}.",
    "the table has no column for the answers: {shown}": "le tableau n'a pas de colonne pour les réponses~: {shown}",
    "its first line is {line}": "sa première ligne est {line}",
    "it is empty": "il est vide",
    "Name the columns in the first line: id, output, wrt, claim (or étudiant, sortie, variable, réponse).": "Nommez les colonnes à la "
    "première ligne~: étudiant, sortie, variable, réponse (ou id, output, wrt, claim).",
    "the table has a header and no answers": "le tableau a un en-tête et pas de réponses",
    "Write one answer a row.": "Écrivez une réponse par ligne.",
    "the mark scheme does not say what a right answer is worth": "le barème ne dit pas ce que vaut une réponse juste",
    "mistakes is no table": "mistakes n'est pas une table",
    "Write [mistakes] and below it {code}.": "Écrivez [mistakes] et dessous {code}.",
    "the mark scheme is not TOML: {reason}": "le barème n'est pas du TOML~: {reason}",
    "Write {code}, and below [mistakes] {other}.": "Écrivez {code}, et sous [mistakes] {other}.",
    "There are: {names}.": "Il y a~: {names}.",
    "{key} is {value}, not a number of points": "{key} vaut {value}, qui n'est pas un nombre de points",
    # Pictures and printed results.
    "a picture of {count} boxes cannot be read": "un dessin de {count} boîtes est illisible",
    "Up to {count} are drawn; ask for an earlier output.": "On en dessine jusqu'à {count}~; demandez une sortie située plus tôt.",
    "{name} is a block; sensitivity asks what inputs do": "{name} est un bloc~; la sensibilité dit ce que font les entrées",
    "{output} is an array; sensitivity asks what moves a number": "{output} est un tableau~; la sensibilité dit ce qui fait bouger un "
    "nombre",
    "Define a block such as {code} and ask for that.": "Définissez un bloc comme {code} et demandez-le.",
    "a step alone is printed as text, not as {medium}": "une étape seule s'affiche en texte, pas en {medium}",
    "Render the derivation, with detail='full'.": "Affichez la dérivation, avec detail='full'.",
    "a {kind} cannot be rendered": "un objet {kind} ne s'affiche pas",
    "Give a Program, Derivation, Derivations, Line, Step or Phrase.": "Donnez un Program, Derivation, Derivations, Line, Step ou Phrase.",
    "the vec layout is for first derivatives": "la disposition vec est pour les dérivées premières",
    'Use notation="matrix" or "index".': 'Prenez notation="matrix" ou "index".',
    "there is no {engine} here to make a PDF": "il n'y a pas de {engine} ici pour faire un PDF",
    "there is no Typst and no LaTeX here to make a PDF": "il n'y a ici ni Typst ni LaTeX pour faire un PDF",
    'Install the extra (pip install "symchain[pdf]") or a TeX distribution; --format latex prints the source.': 'Installez le complément '
    '(pip install "symchain[pdf]") ou une distribution TeX~; --format latex donne la source.',
    "Install its fonts (lmodern), or use another.": "Installez ses polices (lmodern), ou choisissez-en un autre.",
    "Is the LaTeX installation complete (amsmath, babel)?": "L'installation de LaTeX est-elle complète (amsmath, babel)~?",
    "Typst does not set recursions": "Typst ne compose pas les récurrences",
    "Typst sets the matrix notation alone, not {notation}": "Typst ne compose que la notation matricielle, pas {notation}",
    "Choose LaTeX for this PDF.": "Choisissez LaTeX pour ce PDF.",
    "Use LaTeX for this PDF.": "Prenez LaTeX pour ce PDF.",
    "{engine} cannot set this document: {reason}": "{engine} ne peut pas composer ce document~: {reason}",
    "exit code {code}": "code de sortie {code}",
    "{engine} did not finish in {count} seconds": "{engine} n'a pas fini en {count} secondes",
    "Ask for less detail.": "Demandez moins de détails.",
    "the formula nests too deep for Typst": "la formule est trop profonde pour Typst",
    "{token} has no counterpart in Typst here": "{token} n'a pas d'équivalent dans Typst",
    "the environment {name} has no counterpart in Typst here": "l'environnement {name} n'a pas d'équivalent dans Typst",
    # Models.
    "there is no model '{name}'": "il n'y a pas de modèle «~{name}~»",
    "`symchain models` lists them.": "`symchain models` en donne la liste.",
    "a perceptron of {count} layers": "un perceptron à {count} couches",
    "Ask for 1 to {count} layers.": "Demandez de 1 à {count} couches.",
    "Outputs: {names}.": "Sorties~: {names}.",
    "Inputs: {names}.": "Entrées~: {names}.",
    "{where} has no {key}": "{where} n'a pas de {key}",
    "the mark scheme": "le barème",
    "the columns {names} are both the {name}": "les colonnes {names} désignent la même chose, {name}",
    "Rename one of them.": "Renommez l'une d'elles.",
    "Use .lines, which keep the program's names.": "Prenez .lines, qui gardent les noms du programme.",
    "index notation needs more than {count} entries here": "la notation à indices demande ici plus de {count} coefficients",
    'Use notation="matrix".': 'Prenez notation="matrix".',
    'Use notation="index", which writes every derivative entry by entry.': 'Prenez notation="index", qui écrit toute dérivée coefficient '
    'par '
    "coefficient.",
    "the vec layout is for vectors and matrices, not for a derivative of shape {shape}": "la disposition vec est pour les vecteurs et les "
    "matrices, pas pour une dérivée de taille {shape}",
    "this derivative is not a sum of Kronecker products in the vec layout": "cette dérivée n'est pas une somme de produits de Kronecker "
    "dans la disposition vec",
    "this derivative has more than {count} Kronecker products": "cette dérivée a plus de {count} produits de Kronecker",
    # Functions and operations that a user declares.
    "{name}: {a} parameters but {b} derivatives": "{name}~: {a} paramètres mais {b} dérivées",
    "Give one derivative per parameter.": "Donnez une dérivée par paramètre.",
    "{name}: one domain per parameter is needed": "{name}~: il faut un domaine par paramètre",
    "Use REAL where there is no restriction.": "Prenez REAL là où il n'y a pas de restriction.",
    "{name}: only parameters can be confined": "{name}~: on ne peut restreindre que des paramètres",
    "Name some of: {names}.": "Nommez-en parmi~: {names}.",
    "{name}: a reason in {langs}, and probe points are needed":
    "{name}~: il faut une raison dans chaque langue ({langs}) et des points d'essai",
    "See symchain/functions/spec.py.": "Voyez symchain/functions/spec.py.",
    "{name}: a reason is said in {langs}": "{name}~: une raison se dit dans chaque langue ({langs})",
    "Give a sentence in each, or none.": "Donnez une phrase dans chacune, ou aucune.",
    "{name}: operands and call are two ways to say how it is called": "{name}~: operands et call disent tous deux comment on l'appelle",
    "Give one of them.": "Donnez l'un des deux.",
    "The fields are those of FunctionSpec.": "Les champs sont ceux de FunctionSpec.",
    "The fields are those of OperationSpec.": "Les champs sont ceux de OperationSpec.",
    "{key} is already the name of {other}": "{key} est déjà le nom de {other}",
    "Choose another name or alias.": "Choisissez un autre nom.",
    "the code of a function may not hold {what}": "le code d'une fonction ne peut pas contenir {what}",
    "Write one expression over {names} with + - * / **, comparisons inside where, and the elementwise functions of NumPy and SciPy that "
    "kernels know (exp, log1p, erf ...).": "Écrivez une expression en {names} avec + - * / **, des comparaisons dans where, et les "
    "fonctions terme à terme de NumPy et SciPy que symchain connaît (exp, log1p, erf ...).",
    "the code of a function is a text, not {kind}": "le code d'une fonction est un texte, pas {kind}",
    "{text} is not an expression": "{text} n'est pas une expression",
    "A function's code must be one expression over its parameters.": "Le code d'une fonction est une expression de ses paramètres.",
    "no derivative of {name} is known: its record has no pullback": "on ne connaît pas de dérivée de {name}~: sa déclaration n'a pas de "
    "pullback",
    "Give one where it is declared: {code}, where {f} is the cotangent of operand k (see symchain/operations/pulling.py).": "Donnez-en un "
    "là où elle est déclarée~: {code}, où {f} est le cotangent de l'opérande k (voyez symchain/operations/pulling.py).",
    # SymPy trees.
    "Write it with functions that symchain knows, such as exp, sqrt or tanh.": "Écrivez-la avec des fonctions que symchain connaît, exp, "
    "sqrt ou tanh par exemple.",
    "the expression is nested more than {count} deep, which SymPy cannot hold": "l'expression emboîte plus de {count} niveaux, ce que "
    "SymPy ne supporte pas",
    "{text} is not a condition that symchain reads": "{text} n'est pas une condition que symchain sache lire",
    "Conditions are comparisons, And, Or and Not.": "Les conditions sont des comparaisons, And, Or et Not.",
    "only derivatives of undefined functions can be read": "on ne lit que les dérivées de fonctions non définies",
    "Evaluate the derivative with .doit() first.": "Évaluez d'abord la dérivée avec .doit().",
    "a Piecewise without a last (value, True) branch has no value everywhere": "un Piecewise sans dernière branche (valeur, True) n'a pas "
    "de valeur partout",
    "Add the branch (value, True).": "Ajoutez la branche (valeur, True).",
    "a condition is nested more than {count} deep": "une condition emboîte plus de {count} niveaux",
    "a sum needs terms of one shape, not {a} and {b}": "une somme demande des termes de même taille, pas {a} et {b}",
    "index of size {a} meets size {b}": "un indice de taille {a} rencontre la taille {b}",
    "{thing} is not something symchain differentiates": "{thing} n'est pas une chose que symchain dérive",
    "{token} has no MathML here": "{token} n'a pas d'équivalent en MathML",
    "the environment {name} has no MathML here": "l'environnement {name} n'a pas d'équivalent en MathML",
}
