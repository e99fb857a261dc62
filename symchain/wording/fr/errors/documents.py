"""French for LaTeX that can be read in two ways, or is no part of a program."""

from __future__ import annotations

ERRORS = {
    "{whole} transposes an entry: its index can number the entries of one vector, or vectors": "{whole} transpose un terme indicé~: "
    "l'indice peut numéroter les coefficients d'un vecteur, ou des vecteurs",
    "Write a matrix whose rows are the vectors, or the sum by entries.": "Écrivez une matrice dont les lignes sont les vecteurs, ou la "
    "somme coefficient par coefficient.",
    "a differential that does not stand at the end of its term": "une différentielle qui n'est pas à la fin de son terme",
    "Write dC = a\\,dx + b\\,dy, each differential behind its factor.": "Écrivez dC = a\\,dx + b\\,dy, chaque différentielle après son "
    "facteur.",
    "{dots} does not show how the sum goes on": "{dots} ne montre pas comment la somme continue",
    "Write a sum over an index: {code}.": "Écrivez une somme sur un indice~: {code}.",
    "{name} stands for a quantity and for the vector of which others here are entries": "{name} désigne une grandeur, et le vecteur dont "
    "d'autres noms sont ici les coefficients",
    "Give one of the two another name.": "Donnez un autre nom à l'un des deux.",
    "a power of an array can be read entry by entry and as a product": "la puissance d'un tableau peut se lire terme à terme ou comme un "
    "produit",
    "{whole} can be read as {a} raised and as {b} raised, times {c}": "{whole} peut se lire comme {a} à cette puissance, ou comme {b} à "
    "cette puissance, fois {c}",
    "the exponent T can be read as the transpose and as T of line {line}": "l'exposant T peut désigner la transposée ou le T de la ligne "
    "{line}",
    "{name} in an exponent can be read as the imaginary unit and as a name": "{name} en exposant peut se lire comme l'unité imaginaire ou "
    "comme un nom",
    "{name} has the shape {a} by declaration and {b} by its entries in sums": "{name} est de taille {a} par déclaration, et {b} d'après "
    "ses coefficients dans les sommes",
    "d/dx {a}... can be read as (d/dx {b}) {c}... and as d/dx ({d})":
    "d/dx {a}... peut se lire comme (d/dx {b}) {c}... ou comme d/dx ({d})",
    "Add {code}.": "Ajoutez {code}.",
    "an indicator of an equality is one where two numbers happen to be equal": "l'indicatrice d'une égalité vaut un là où deux nombres se "
    "trouvent égaux",
    "{whole} is a vector for each index, and the entries of this formula do not follow": "{whole} est un vecteur pour chaque indice, et "
    "les coefficients de cette formule ne s'en déduisent pas",
    "Write it by entries, or with a matrix whose rows are the vectors.": "Écrivez-la coefficient par coefficient, ou avec une matrice dont "
    "les lignes sont les vecteurs.",
    "a second derivative inside of another formula": "une dérivée seconde à l'intérieur d'une autre formule",
    "State it by itself: second derivative = formula.": "Énoncez-la seule~: dérivée seconde = formule.",
    "the rows of a matrix have several lengths": "les lignes d'une matrice n'ont pas toutes la même longueur",
    "Write as many formulas in every row.": "Écrivez autant de formules à chaque ligne.",
    "{name} is no function that is known": "{name} n'est pas une fonction connue",
    "Call a function of the input language, or write a name in \\mathrm.": "Appelez une fonction du langage de saisie, ou écrivez un nom "
    "dans \\mathrm.",
    "Write the indices that are compared: {code}.": "Écrivez les indices que l'on compare~: {code}.",
    "{whole} can be read as a name and as a derivative of order {n}": "{whole} peut se lire comme un nom ou comme une dérivée d'ordre {n}",
    "the norm of a matrix can be read as the Frobenius norm and as an operator norm": "la norme d'une matrice peut être celle de Frobenius "
    "ou une norme d'opérateur",
    "A dot may be a time derivative or part of a name: write x_{{dot}}.": "Un point peut marquer une dérivée par rapport au temps ou faire "
    "partie d'un nom~: écrivez x_{{dot}}.",
    "Write the derivative out.": "Écrivez la dérivée en toutes lettres.",
    "Integrals are not part of a program.": "Une intégrale ne fait pas partie d'un programme.",
    "Limits are not part of a program.": "Une limite ne fait pas partie d'un programme.",
    "Write every term, or a sum over an index.": "Écrivez tous les termes, ou une somme sur un indice.",
    "An update is no definition: give the new value another name.": "Une mise à jour n'est pas une définition~: donnez un autre nom à la "
    "nouvelle valeur.",
    "It may be a composition or a product: write f(g(x)), or a \\odot b.": "Ce peut être une composée ou un produit~: écrivez f(g(x)), ou "
    "a \\odot b.",
    "Write a b^\\top for the outer product.": "Pour le produit extérieur, écrivez a b^\\top.",
    "{whole} can be read as {a} and as {b}": "{whole} peut se lire comme {a} ou comme {b}",
    "{whole} can be read as {a} and as 1/{b}": "{whole} peut se lire comme {a} ou comme 1/{b}",
    "a differential": "une différentielle",
    "a product": "un produit",
    "a call": "un appel de fonction",
    "an entry": "un coefficient",
    "a power": "une puissance",
    "a transpose": "une transposée",
    "a derivative": "une dérivée",
    "another name": "un autre nom",
    "a function": "une fonction",
    "one number": "un seul nombre",
    "one name": "un seul nom",
    "two": "deux",
    "the function": "la fonction",
    "a product of letters": "un produit de lettres",
    "the inverse function": "la fonction réciproque",
    "an increment": "un accroissement",
    "a product with {name}": "un produit avec {name}",
    "a word between two formulas": "un mot entre deux formules",
    "the factorial of the power": "la factorielle de la puissance",
    "a power of a factorial": "une puissance d'une factorielle",
    "the registered function {name}": "la fonction connue {name}",
    "a function of this text": "une fonction du texte",
    "function number {n}": "la fonction numéro {n}",
    "a derivative of order {n}": "une dérivée d'ordre {n}",
    "an entry of the vector {name}": "un coefficient du vecteur {name}",
    "the {n} beside it": "le {n} d'à côté",
    "{a} times {b}": "{a} fois {b}",
    "the {name} with the label {label}, as of a layer": "le {name} d'étiquette {label}, celle d'une couche par exemple",
    "the formula nests more than {count} deep": "la formule emboîte plus de {count} niveaux",
    "Name parts of it.": "Donnez des noms à ses parties.",
    "{name} is a function here and a quantity on line {line}, column {column}": "{name} est ici une fonction, et une grandeur à la ligne "
    "{line}, colonne {column}",
    "{a} is an entry of {b}, but {b} is {c}": "{a} est un coefficient de {b}, mais {b} est {c}",
    "{name} of a square matrix can be read entry by entry and as the function of the matrix": "{name} d'une matrice carrée peut se lire "
    "terme à terme ou comme la fonction de la matrice",
    "the derivative of a formula inside of another formula": "la dérivée d'une formule à l'intérieur d'une autre",
    "{name} outside of the sum over {index} can be read as an entry and as a name": "{name}, hors de la somme sur {index}, peut se lire "
    "comme un coefficient ou comme un nom",
    "{name} is the derivative of what this text defines by a formula": "{name} est la dérivée de ce que le texte définit par une formule",
    "Split it.": "Coupez-le en deux.",
    "the text looks like a notebook and is none": "le texte ressemble à un notebook et n'en est pas un",
    "Give the JSON text of a .ipynb file, or LaTeX.": "Donnez le texte JSON d'un fichier .ipynb, ou du LaTeX.",
    "commands of the text expand without end": "les commandes du texte se développent sans fin",
    "Correct their definitions.": "Corrigez leurs définitions.",
    "another formula for {name}, for {which} only": "une autre formule pour {name}, pour {which} seulement",
    "{a} and {b} together, where a derivative by {a} is taken at {b}": "{a} et {b} ensemble, là où une dérivée par rapport à {a} est prise "
    "en {b}",
    "Read the file first.": "Lisez d'abord le fichier.",
    "Give it another name, or write the cases together.": "Donnez-lui un autre nom, ou écrivez les cas ensemble.",
    "Give it a name of its own.": "Donnez-lui un nom à lui.",
    "{name} is a known function, and its formula is another one here": "{name} est une fonction connue, et sa formule est ici une autre",
    "a matrix of second derivatives by {wrt} names that is not a list of as many components": "une matrice de dérivées secondes par "
    "rapport à {wrt} noms qui n'est pas un tableau d'autant de lignes et de colonnes",
    "a gradient by {wrt} names that is not a list of as many components": "un gradient par rapport à {wrt} noms qui n'est pas une liste "
    "d'autant de composantes",
    "Use one of the two names.": "Gardez un des deux noms.",
    "the text holds no formula": "le texte ne contient pas de formule",
    "Write $$...$$, \\[...\\] or an environment; inline $...$ is read where it defines.": "Écrivez $$...$$, \\[...\\] ou un "
    "environnement~; $...$ dans le texte est lu là où il définit.",
    "Give the function another name.": "Donnez un autre nom à la fonction.",
    "State each component.": "Donnez chaque composante.",
    "Use one name for one function.": "Donnez un seul nom à une fonction.",
    "{text} without braces can be read as {{{a}}} and, as LaTeX sets it, as {{{b}}} followed by {c}": "{text} sans accolades peut se lire "
    "comme {{{a}}} ou, comme LaTeX le compose, comme {{{b}}} suivi de {c}",
    "{name} has {count} indices here and {other} on line {line}": "{name} a {count} indices ici et {other} à la ligne {line}",
    "the entries of {name} run to {a} and to {b}": "les coefficients de {name} vont jusqu'à {a} et jusqu'à {b}",
    "a sum runs from 1 to a size, such as n, or from 0 to n-1": "une somme va de 1 à une taille, n par exemple, ou de 0 à n-1",
    "the subscript {text} mixes an index of a sum with something else": "l'indice {text} mêle l'indice d'une somme et autre chose",
    "Give one of the two quantities another letter.": "Donnez une autre lettre à l'une des deux grandeurs.",
    "{a},{b} can be read as one number and as two": "{a},{b} peut se lire comme un nombre ou comme deux",
    "limit": "limite",
    "inequality": "inégalité",
    "list": "liste",
    "name": "nom",
    "formula": "formule",
    "a formula of more than {count} pieces": "une formule de plus de {count} éléments",
    "{what} of a random quantity is not part of a program": "{what} d'une grandeur aléatoire ne fait pas partie d'un programme",
    "a name for a derivative of this form is not read": "un nom donné à une dérivée de cette forme n'est pas lu",
    "Name a first derivative.": "Nommez une dérivée première.",
    "a function at another argument beside its derivative: an approximation, or a value": "une fonction en un autre argument à côté de sa "
    "dérivée~: une approximation, ou une valeur",
    "Write \\approx for an approximation.": "Pour une approximation, écrivez \\approx.",
    "what stands left of '=' is neither one name nor a derivative": "à gauche du signe «~=~», il n'y a ni un nom seul ni une dérivée",
    "Write name = formula; a name of several letters is \\mathrm{{loss}}.": "Écrivez nom = formule~; un nom de plusieurs lettres s'écrit "
    "\\mathrm{{loss}}.",
    "\\times between arrays can be read as the cross product, the matrix product and the elementwise product": "\\times entre des tableaux "
    "peut se lire comme le produit vectoriel, le produit de matrices ou le produit terme à terme",
    "Write the product with \\cdot.": "Écrivez le produit avec \\cdot.",
    "{bracket} is never closed": "{bracket} n'est jamais refermé",
    "{text} inside brackets: a condition, as in a probability, or a divergence": "{text} entre parenthèses~: une condition, comme dans une "
    "probabilité, ou une divergence",
    "a LaTeX text is a text, not {kind}": "un texte LaTeX est un texte, pas {kind}",
    "{name} {function} can be read as a derivative in a direction and as a product": "{name} {function} peut se lire comme une dérivée "
    "dans une direction ou comme un produit",
    "Write \\frac{{\\partial f}}{{\\partial x}} for a derivative, \\cdot for a product.": "Écrivez "
    "\\frac{{\\partial f}}{{\\partial x}} pour une dérivée, \\cdot pour un produit.",
    "{name} is given by what is made of it above": "{name} est donné par ce qui en dépend plus haut",
    "{name} stands on both sides, in two fonts": "{name} figure des deux côtés, dans deux polices",
}
