"""French for what SymPy's expressions, matrices and sums are refused for."""

from __future__ import annotations

ERRORS = {
    "{symbol} is a matrix, and a derivative with more than two axes is no SymPy matrix": "{symbol} est une matrice, et une dérivée à plus "
    "de deux axes n'est pas une matrice de SymPy",
    "a matrix to the power {power}": "une matrice à la puissance {power}",
    "Powers are whole numbers, 1/2 and -1/2; entry by entry it is HadamardPower(A, p).": "Les puissances sont des nombres entiers, 1/2 et "
    "-1/2~; coefficient par coefficient, c'est HadamardPower(A, p).",
    "a FunctionMatrix with letters as its size": "une FunctionMatrix dont la taille est donnée par des lettres",
    "Write its entries: Matrix(3, 3, f), or use symchain.parse.": "Écrivez ses coefficients, Matrix(3, 3, f), ou "
    "passez par symchain.parse.",
    "{name} of a matrix can mean two things": "{name} d'une matrice peut vouloir dire deux choses",
    "Entry by entry it is A.applyfunc({name}); as a series it is {series}(A) in symchain.parse.": "Coefficient par coefficient, c'est "
    "A.applyfunc({name})~; comme série, c'est {series}(A) dans symchain.parse.",
    "a matrix without entries": "une matrice sans coefficients",
    "Give it at least one row and one column.": "Donnez-lui au moins une ligne et une colonne.",
    "Indices and bounds are whole numbers, sizes of arrays, and an index of the sum plus or minus a number.": "Les indices et les bornes "
    "sont des nombres entiers, des tailles de tableaux, et un indice de la somme plus ou moins un nombre.",
    "{value} is no index": "{value} n'est pas un indice",
    "how many entries {base} has is not known": "on ne sait pas combien de coefficients a {base}",
    "Declare it: {code}.": "Déclarez-le~: {code}.",
    "{base} has {axes} axes and {indices} indices": "{base} a {axes} axes et {indices} indices",
    "{symbol} is an input, and neither an index nor a size": "{symbol} est une entrée, et ni un indice ni une taille",
    "a sum over {index} without bounds": "une somme sur {index} sans bornes",
    "Give both: Sum(x[i], (i, 0, n - 1)).": "Donnez les deux~: Sum(x[i], (i, 0, n - 1)).",
    "a sum from {low} to {high}": "une somme de {low} à {high}",
    "The last value is not before the first.": "La dernière valeur ne précède pas la première.",
    "a sum of matrices": "une somme de matrices",
    "Sum entries, or write the sum as a product of matrices.": "Sommez des coefficients, ou écrivez la somme comme un produit de matrices.",
    "{node} is no entry of an array": "{node} n'est pas un coefficient d'un tableau",
    "Entries are of MatrixSymbol and IndexedBase.": "Les coefficients sont ceux de MatrixSymbol et d'IndexedBase.",
    "{index} runs in two sums, one inside the other": "{index} est l'indice de deux sommes emboîtées",
    "{node} begins at {start}, before the first entry": "{node} commence en {start}, avant le premier coefficient",
    "Entries are counted from 0.": "Les coefficients se comptent à partir de 0.",
    "{node} ends after the last entry": "{node} finit après le dernier coefficient",
    "There are {size}, counted from {base}.": "Il y en a {size}, comptés à partir de {base}.",
    "Evaluate it with .doit() first.": "Évaluez-la d'abord avec .doit().",
    "SymPy has no class for {what} among matrices": "SymPy n'a pas de classe de matrices pour {what}",
    'Write program({{"y": ...}}).derive("y", "X"), whose lines are NumPy.': 'Écrivez program({{"y": ...}}).derive("y", "X"), dont les '
    "lignes sont du NumPy.",
    'Write program({{"y": ...}}).hessian("y", "{symbol}"), or .jacobian.': 'Écrivez program({{"y": ...}}).hessian("y", "{symbol}"), ou '
    ".jacobian.",
    "{symbol} is not among the arguments": "{symbol} n'est pas parmi les arguments",
    "Add it to them, or give its value with subs.": "Ajoutez-le aux arguments, ou donnez sa valeur avec subs.",
    "{symbol} is given twice among the arguments": "{symbol} est donné deux fois parmi les arguments",
    "Give each argument once.": "Donnez chaque argument une seule fois.",
    "{symbol} is no argument of a function": "{symbol} ne peut pas être l'argument d'une fonction",
    "Give symbols, MatrixSymbols, IndexedBases, functions f(t), or lists of these.": "Donnez des symboles, des MatrixSymbol, des "
    "IndexedBase, des fonctions f(t), ou des listes de ceux-ci.",
    "{count} values are given for {wanted} arguments": "{count} valeurs sont données pour {wanted} arguments",
    "The arguments are {names}.": "Les arguments sont {names}.",
    "a sparse matrix has numbers as entries, not arrays": "une matrice creuse a pour coefficients des nombres, et non des tableaux",
    "Give numbers, or lambdify the dense Matrix.": "Donnez des nombres, ou prenez la matrice pleine (Matrix).",
    "{head} is not something symchain differentiates": "symchain ne dérive pas {head}",
}
