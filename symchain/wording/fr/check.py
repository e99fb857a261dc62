"""French for verdicts: whole sentences that say what is wrong with a claimed derivative, where, and what is right."""

from __future__ import annotations

SENTENCES = {
    "check.proved": "Exact~: {symbol} = {claim} est démontré par le calcul.",
    "check.agrees": "Exact, pour autant que les nombres le montrent~: {symbol} = {claim} coïncide avec la dérivée en {points} points "
    "(écart relatif maximal {error}).",
    "check.agrees.one": "Exact, pour autant que les nombres le montrent~: {symbol} = {claim} coïncide avec la dérivée en un point "
    "(écart relatif {error}).",
    "check.wrong": "Faux~: {symbol} n'est pas égal à {claim}.",
    "check.undecided": "Indécis~: aucun point n'a été trouvé où {symbol} et {claim} aient tous deux une valeur.",
    "check.undecided.rounding": "Indécis~: même avec beaucoup de chiffres, les arrondis ne permettent pas de départager {symbol} et "
    "{claim}.",
    "check.undecided.condition": "Indécis~: {claim} convient pour {symbol} lorsque {condition}, mais rien ne dit que c'est le cas. "
    "Déclarez-le~: {declare}.",
    "check.undecided.condition.point": "Indécis~: {claim} convient pour {symbol} lorsque {condition}~; sinon, sa valeur n'est pas celle de "
    "la dérivée.",
    "check.undecided.condition.function": "Indécis~: {claim} convient pour {symbol} dans le cas de {function}, mais rien ne dit qu'il "
    "s'agit d'elle. Précisez-le~: {declare}.",
    "check.undecided.circular": "Indécis~: {claim} ne fait que reprendre ce qu'on demande, {symbol}~; il reste à calculer cette dérivée.",
    "check.undecided.used": "Indécis~: {symbol} = {claim} est exact, mais la réponse fait intervenir {used}, alors que {using}. Il faut "
    "aller au bout du calcul.",
    "check.using.inputs": "seules les entrées sont permises",
    "check.using.blocks": "seuls les entrées et les blocs sont permis, sans dérivées",
    "check.function.sigmoid": "la fonction logistique",
    "check.function.tanh": "la tangente hyperbolique",
    "check.function.relu": "la fonction ReLU",
    "check.function.softplus": "la fonction softplus",
    "check.derivatives": "Il reste des dérivées à calculer~: {derivatives}.",
    "check.corrected": "La dérivée est {corrected}.",
    "check.several": "La réponse contient {count} erreurs.",
    "check.row": "  en {at}~: valeur proposée~: {claim}~; valeur exacte~: {derivative}",
    "check.shape": "La formule proposée est de taille {found}, alors que la dérivée est de taille {wanted}~: un gradient a la taille de "
    "sa variable.",
    "check.shape.inside": "Les tailles des opérandes ne sont pas compatibles ({wanted}).",
    "check.sign": "Le signe est faux~: il faut tout multiplier par -1. Cherchez une différence prise à l'envers, ou une dérivée "
    "intérieure -1 oubliée.",
    "check.sign.path": "Ce qui revient par le chemin {path} a le mauvais signe.",
    "check.constant": "Le résultat vaut {ratio} fois la dérivée~: un facteur constant est faux. Cherchez un 2 qui descend d'un carré, ou "
    "un 1/2 qui devait le compenser.",
    "check.constant.zero": "On a répondu 0, or la sortie change bien avec la variable.",
    "check.constant.path": "Ce qui revient par le chemin {path} vaut {ratio} fois ce qu'il faut~: un de ses facteurs constants est faux.",
    "check.batch_mean": "Le résultat vaut {ratio} fois la dérivée~: moyenne et somme sur les exemples ont été confondues. Le 1/N d'une "
    "moyenne apparaît exactement une fois.",
    "check.batch_mean.part": "Moyenne et somme ont été confondues~: dans un terme, il manque le facteur {wanted}. Le 1/N d'une moyenne "
    "apparaît exactement une fois.",
    "check.missing_factor": "Il manque le facteur {factor} = {wanted}~: la règle de la chaîne multiplie les dérivées locales de toutes "
    "les étapes.",
    "check.missing_factor.somewhere": "Il manque le facteur {factor}~: la règle de la chaîne multiplie les dérivées locales de toutes "
    "les étapes.",
    "check.missing_factor.part": "Dans {factor}, il manque le facteur {wanted}.",
    "check.extra_factor": "Il y a un facteur {wanted} de trop, qui vient de {factor}~: chaque étape de la chaîne donne sa dérivée locale "
    "une fois et une seule.",
    "check.derivative_at_output": "Dans {factor}, la dérivée de l'activation est prise en sa sortie, {found}~; on la prend en son "
    "entrée~: {wanted}.",
    "check.derivative_at_output.somewhere": "Dans {factor}, la dérivée de l'activation est prise en sa sortie au lieu de son entrée.",
    "check.function_for_derivative": "Dans {factor}, on a écrit la fonction elle-même, {found}, à la place de sa dérivée, {wanted}.",
    "check.function_for_derivative.somewhere": "Dans {factor}, on a écrit la fonction à la place de sa dérivée.",
    "check.other_variable": "C'est la dérivée par rapport à {variable}~: la bonne formule, mais pour une autre variable.",
    "check.missing_path": "Il manque un chemin~: {path}. Quand une variable agit de plusieurs façons, on additionne ce qui revient par "
    "tous les chemins.",
    "check.extra_path": "Il y a un chemin de trop~: {path}. Chaque chemin de la variable à la sortie compte une fois, et aucun autre ne "
    "compte.",
    "check.transposed": "Il y a une transposition oubliée ou de trop~: au lieu de {found}, il faut {wanted}.",
    "check.transposed.somewhere": "Il y a une transposition oubliée ou de trop.",
    "check.wrong_order": "Les matrices sont multipliées dans le mauvais ordre~: au lieu de {found}, il faut {wanted}. Le produit de "
    "matrices n'est pas commutatif.",
    "check.wrong_order.somewhere": "Les matrices sont multipliées dans le mauvais ordre.",
    "check.elementwise_for_matmul": "Un produit terme à terme est mis à la place d'un produit de matrices~: au lieu de {found}, il faut "
    "{wanted}.",
    "check.elementwise_for_matmul.somewhere": "Un produit terme à terme est mis à la place d'un produit de matrices.",
    "check.matmul_for_elementwise": "Un produit de matrices est mis à la place d'un produit terme à terme~: au lieu de {found}, il faut "
    "{wanted}.",
    "check.matmul_for_elementwise.somewhere": "Un produit de matrices est mis à la place d'un produit terme à terme.",
    "check.missing_sum": "Il manque une somme~: {variable} agit sur chaque exemple, donc on additionne ce qui revient de tous. La formule "
    "proposée est de taille {found}, la dérivée de taille {wanted}.",
    "check.index_shifted": "On a écrit {found} à la place de {wanted}~: l'indice est décalé d'un rang.",
    "check.steps": "Il manque une étape, ou il y en a une de trop~: au lieu de «~{found}~», il faut «~{wanted}~».",
    "check.missing_steps": "Il manque la somme sur les étapes~: {variable} intervient à chaque étape, donc on additionne ce qui revient de "
    "toutes.",
    "check.start_missing": "La réponse ne dit pas ce que vaut {variable}~: il manque l'initialisation.",
    "check.wrong_operand": "On a écrit {found} à la place de {wanted}.",
    "check.wrong_operand.somewhere": "Une variable est mise à la place d'une autre.",
    "check.constant_kept": "Le terme {found} ne dépend pas de {variable}~: sa dérivée est 0, il ne doit donc pas rester.",
    "check.constant_kept.somewhere": "Un terme qui ne dépend pas de {variable} a été gardé~: sa dérivée est 0.",
    "check.answer_one": "Le 1 est la dérivée de {variable} par rapport à elle-même~; il est multiplié par le coefficient de {variable}, "
    "qui est {wanted}.",
    "check.missing_factor.only": "Il manque le facteur {wanted}.",
    "check.extra_factor.only": "Le facteur {wanted} apparaît une fois de trop.",
    "check.missing_path.term": "Il manque le terme {wanted}~: chaque façon dont la variable agit apporte un terme.",
    "check.missing_path.diagonal": "Sur le chemin {path}, chaque composante n'a été dérivée que par rapport à celle de même indice, alors "
    "que chaque composante de {found} agit sur toutes.",
    "check.extra_path.term": "Le terme {found} est de trop.",
    "check.unknown.antiderivative": "C'est une primitive~: en la dérivant, on retrouve {wanted}. C'est la dérivée de {wanted} qu'on "
    "demande.",
    "check.unknown": "Ce n'est pas une erreur courante.",
    # before each verdict of a whole text
    "check.line": "ligne {line}~: {said}",
}
