"""French for explanations of a derivative."""

from __future__ import annotations

SENTENCES = {
    # titles
    "explain.title": "Pourquoi {equation}",
    "explain.title_back": "Pourquoi {block} renvoie {back} à {wrt}",
    "explain.recursion.title": "Ce qui compose {derivative}",
    "explain.recursion.lines": "Les lignes~:",
    "explain.recursion.carried": "Une étape transmet {state} à la suivante.",
    "explain.recursion.together": "Une étape transmet {state} à la suivante~; ensemble, ils forment son état, {symbol}.",
    "explain.recursion.product": "D'étape en étape, les facteurs se multiplient, la dernière étape à gauche~: {product}.",
    "explain.recursion.norms": "Un gradient par rapport à {output} est ramené en arrière par la transposée de ce produit~: il s'évanouit "
    "si la norme du produit décroît avec la distance, et explose si elle croît.",
    "explain.recursion.factors": "Les facteurs d'une étape~:",
    "explain.recursion.table": "Les facteurs d'une étape, puis la norme du produit (sa plus grande valeur singulière) selon la distance~:",
    "explain.recursion.each": "{rate} par étape",
    "explain.recursion.nothing": "En ce point, la dernière étape ne transmet rien~: son facteur est nul.",
    "explain.recursion.shrinks": "En ce point, la norme du produit sur {count} étapes est {norm}~: ramené en arrière, le gradient est "
    "multiplié par environ {rate} à chaque étape (moyenne géométrique)~: il s'évanouit.",
    "explain.recursion.shrinks.one": "En ce point, la norme du facteur de l'unique étape est {norm}~: un gradient est "
    "multiplié par cette norme au plus.",
    "explain.recursion.grows": "En ce point, la norme du produit sur {count} étapes est {norm}~: ramené en arrière, le gradient est "
    "multiplié par environ {rate} à chaque étape (moyenne géométrique)~: il explose.",
    "explain.recursion.grows.one": "En ce point, la norme du facteur de l'unique étape est {norm}~: un gradient peut "
    "être multiplié par cette norme.",
    "explain.recursion.keeps": "En ce point, la norme du produit sur {count} étapes est {norm}~: le gradient ne "
    "s'évanouit ni n'explose.",
    "explain.recursion.bound": "Pris un par un, les facteurs ont des normes de {low} à {high}~; la norme d'un produit est au plus le "
    "produit des normes.",
    "explain.title_plain": "D'où vient {derivative}",
    "explain.title_paths": "Pourquoi {derivative} est une somme sur {count} chemins",
    # what moves
    "explain.opening": "{definition}{shaped}. On fait bouger seulement {wrt}{wrt_shaped}.",
    "explain.opening_one": "{definition}{shaped}. On fait bouger seulement {wrt}{wrt_shaped}~; {fixed} ne bouge pas.",
    "explain.opening_many": "{definition}{shaped}. On fait bouger seulement {wrt}{wrt_shaped}~; {fixed} ne bougent pas.",
    "explain.shaped": ", de taille {shape}",
    "explain.shaped_inside": ", de taille {shape}",
    "explain.blank": "",
    # where we are: in a line, or in one of its terms
    "explain.whole": "Dans {line}, ",
    "explain.term1": "Premier terme de {line}, {term}~: ",
    "explain.term2": "Deuxième terme de {line}, {term}~: ",
    "explain.term3": "Troisième terme de {line}, {term}~: ",
    "explain.term4": "Quatrième terme de {line}, {term}~: ",
    "explain.term5": "Cinquième terme de {line}, {term}~: ",
    "explain.term": "Terme numéro {number} de {line}, {term}~: ",
    # one rule each
    "explain.self": "{place}{wrt} est seul, son coefficient est 1~: {equation}, et ajouter h à {wrt} ajoute h à {line}.",
    "explain.absent": "{place}il ne contient pas {wrt}, sa dérivée est donc 0.",
    "explain.absent_many": "Les termes {terms} de {line} ne contiennent pas {wrt}, leur dérivée est donc 0.",
    "explain.absent_count.one": "L'autre terme de {line} ne contient pas {wrt}, sa dérivée est donc 0.",
    "explain.absent_count": "Les {count} autres termes de {line} ne contiennent pas {wrt}, leur dérivée est donc 0.",
    "explain.more_terms.one": "Un autre terme de {line} contient {wrt}~; il se traite de même, séparément.",
    "explain.more_terms": "{count} autres termes de {line} contiennent {wrt}~; chacun se traite de même, séparément.",
    "explain.scale": "{place}{wrt} est multiplié par {coefficient}, qui ne bouge pas~; "
    "on garde donc {coefficient} en facteur~: {equation}.",
    "explain.scale_number": "{place}{wrt} est multiplié par le nombre {coefficient}, qu'on garde en facteur~: {equation}.",
    "explain.scale_inner": "{place}{coefficient} ne bouge pas~; on le garde en facteur de {inner}~: {equation}.",
    "explain.scale_number_inner": "{place}on garde le nombre {coefficient} en facteur de {inner}~: {equation}.",
    "explain.power": "{place}l'exposant {exponent} passe devant et diminue d'une unité, il reste {power}~: {equation}.",
    "explain.power_inner": "{place}l'exposant {exponent} passe devant et diminue d'une unité, et comme {inner} est à l'intérieur, "
    "on multiplie par sa dérivée~: {equation}.",
    "explain.exponent": "{place}ce qui bouge est dans l'exposant~; la puissance se retrouve donc telle quelle, "
    "multipliée par le logarithme de sa base~: {equation}.",
    "explain.power_both": "{place}la base et l'exposant bougent tous les deux~; chacun compte une fois pendant que l'autre ne bouge pas~: "
    "{equation}.",
    "explain.function": "{place}on dérive {call}. {reason} D'où {equation}.",
    "explain.function_inner": "{place}la fonction s'applique à {inner}. {reason} Par la règle de la chaîne, on multiplie par la dérivée "
    "de ce qui est à l'intérieur~: {equation}.",
    "explain.partial": "{place}les dérivées de {function} ne sont pas connues~; il y en a une par argument qui varie~: {equation}.",
    "explain.partial_inner": "{place}{function} s'applique à {inner}. Ses dérivées ne sont pas connues~; il y en a une par argument qui "
    "varie, et on la multiplie par la dérivée de cet argument~: {equation}.",
    "explain.abstract": "{place}la dérivée de {function} n'est pas connue, on la note avec un prime~: {equation}.",
    "explain.abstract_inner": "{place}{function} s'applique à {inner}. La dérivée de {function} n'est pas connue, on la note avec un prime "
    "et on multiplie par la dérivée de ce qui est à l'intérieur~: {equation}.",
    "explain.bound": "{place}{function} désigne {noun}. {reason} D'où {equation}.",
    "explain.bound_inner": "{place}{function} désigne {noun}, et on a {inner}. {reason} Par la règle de la chaîne, on multiplie par "
    "la dérivée de ce qui est à l'intérieur~: {equation}.",
    "explain.kink": "{line} a un point anguleux là où {inner} vaut {at}~: les pentes des deux côtés diffèrent, et on retient {value}.",
    "explain.product": "{place}plusieurs facteurs bougent~; on dérive chacun à son tour pendant que les autres ne bougent pas, "
    "et on ajoute les résultats~: {equation}.",
    "explain.product_inner": "{place}plusieurs facteurs bougent, {inner}~; on dérive chacun à son tour pendant que les autres ne bougent "
    "pas, "
    "et on ajoute les résultats~: {equation}.",
    "explain.quotient": "{place}ce qui bouge est au dénominateur~; plus il est grand, plus le quotient est petit, d'où le signe moins "
    "et le carré~: {equation}.",
    "explain.quotient_inner": "{place}ce qui bouge est le dénominateur {inner}~; plus il est grand, plus le quotient est petit, "
    "d'où le signe moins et le carré~: {equation}.",
    "explain.quotient_both": "{place}le numérateur et le dénominateur bougent tous les deux, {inner}~: {equation}.",
    "explain.value": "{place}là où la condition est vérifiée, elle ne fixe que la valeur, jamais la pente~: celle-ci est la pente de "
    "l'autre cas, ou sa limite en ces points~: {equation}.",
    "explain.where": "{place}la condition dit seulement quel cas s'applique, et on dérive chaque cas séparément~: {equation}.",
    "explain.other": "{place}{equation}.",
    "explain.let": "{letter} = {value}",
    "explain.inner": "Pour {letter} = {value}, les mêmes règles donnent {equation}.",
    "explain.total": "Total~: {equation}.",
    "explain.one": "Le 1 qu'on pouvait attendre dans {derivative} existe bien~: c'est {self}, mais il est multiplié par {coefficient}.",
    # arrays
    "explain.entry": "{place}son coefficient {index} est {entry}.",
    "explain.entry_same": "{place}son coefficient {index} est {entry}, le même pour tout {free}.",
    "explain.entry_scale": "{place}son coefficient {index} est {entry}~; {wrt} est multiplié par {coefficient}, qui ne bouge pas.",
    "explain.entry_scale_many": "{place}son coefficient {index} est {entry}~; {wrt} est multiplié par {coefficient}, qui ne bougent pas.",
    "explain.entry_scalar": "{place}coefficient par coefficient, il s'écrit {entry}.",
    "explain.entry_whole": "Coefficient par coefficient, {entry_equation}.",
    "explain.entry_whole_scale": "Coefficient par coefficient, {entry_equation}~; {wrt} est multiplié par {coefficient}, qui ne bouge pas.",
    "explain.entry_whole_scale_many": "Coefficient par coefficient, {entry_equation}~; "
    "{wrt} est multiplié par {coefficient}, qui ne bougent pas.",
    "explain.occurs": "{wrt} figure {count} fois dans {block}~: chaque occurrence bouge à son tour, et leurs contributions s'ajoutent.",
    "explain.each": "Dans {block}, {function} agit sur chaque coefficient séparément. {reason} Sa dérivée est {equation}.",
    "explain.each_bound": "Dans {block}, {function} désigne {noun} et agit sur chaque coefficient séparément. {reason} Sa dérivée est "
    "{equation}.",
    "explain.each_abstract": "Dans {block}, {function} agit sur chaque coefficient séparément~; "
    "sa dérivée n'est pas connue, on la note {derivative}.",
    "explain.each_power": "Dans {block}, l'exposant {exponent} agit sur chaque coefficient de {inner} séparément~: "
    "il passe devant et diminue d'une unité.",
    "explain.each_reciprocal": "Dans {block}, chaque coefficient de {inner} est à un dénominateur~: "
    "plus il est grand, plus le quotient est petit, "
    "d'où un signe moins et un carré.",
    "explain.total_delta": "Total~: {equation}, où {delta} vaut 1 si {condition} et 0 sinon.",
    "explain.total_deltas": "Total~: {equation}, où {delta} vaut 1 si {condition} et 0 sinon, et de même pour les autres indices.",
    "explain.back": "Au retour~: {adjoint}, la dérivée du résultat final par rapport à {block}, devient {back} pour {wrt}.",
    "explain.why_sum": "Pourquoi une somme~: le coefficient {index} de {back} est {entry}. Le même coefficient {element} sert pour tous "
    "les {running}, donc ce qui revient de chaque {running} s'ajoute.",
    "explain.why_sum_batch": "Pourquoi une somme~: le coefficient {index} de {back} est {entry}. "
    "Le même coefficient {element} sert pour tous "
    "les {running}, donc ce qui revient de chaque {running} s'ajoute~; si {running} numérote les exemples, c'est la somme sur les "
    "exemples.",
    "explain.why_sum_all": "Pourquoi une somme~: {back} s'écrit {entry}. Le seul nombre {element} sert pour tous les {running}, "
    "donc toutes les contributions qui en reviennent s'ajoutent.",
    "explain.why_right": "Pourquoi {transposed}~: dans {entry}, l'indice {running} est le dernier indice de {matrix}, alors qu'un produit "
    "matriciel somme sur le premier indice de son facteur de droite~; transposer {matrix} met {running} en premier.",
    "explain.why_left": "Pourquoi {transposed}~: dans {entry}, l'indice {running} est le premier indice de {matrix}, alors qu'un produit "
    "matriciel somme sur le dernier indice de son facteur de gauche~; transposer {matrix} met {running} en dernier.",
    "explain.shapes": "Tailles~: {adjoint} a celle de {block}, {shape}, et {back} a celle de {wrt}, {wrt_shape}.",
    "explain.shapes_product": "Tailles~: {left} est de taille {left_shape} et {right} de taille {right_shape}, donc {back} est de taille "
    "{shape}, celle de {wrt}.",
    "explain.shape_gradient": "{derivative} a la taille de {wrt}, {shape}~: un nombre pour chaque coefficient de {wrt}.",
    # operations
    "explain.operation": "Dans {block}, {operation} ({noun}) forme un tout, et sa dérivée vient d'une règle qui lui est propre.",
    "explain.operation_linear": "Dans {block}, {operation} ({noun}) ne fait que déplacer ou additionner des coefficients~: "
    "une variation de son opérande suit le même chemin.",
    "explain.softmax_entry": "{entry_equation}~: le numérateur ne contient que {own}, le dénominateur contient tous les coefficients de "
    "{wrt}. "
    "Faire bouger un seul coefficient de {wrt} fait donc bouger {block} tout entier.",
    "explain.softmax_entry_batch": "{entry_equation}~: le numérateur ne contient que {own}, le dénominateur contient tous les {other} "
    "de même {batch}. Deux {batch} différents n'agissent pas l'un sur l'autre dans {block}.",
    "explain.softmax_numerator": "Par son numérateur, {entry} n'augmente qu'avec {own}, au taux {entry}~: cela donne {matrix}.",
    "explain.softmax_denominator": "Par son dénominateur, {entry} diminue dès qu'un {other} augmente, au taux {rate}~: "
    "cela donne {matrix}.",
    "explain.softmax_numerator_batch": "Par son numérateur, {entry} n'augmente qu'avec {own}, au taux {entry}.",
    "explain.softmax_denominator_batch": "Par son dénominateur, {entry} diminue dès qu'un {other} augmente, au taux {rate}.",
    "explain.softmax_sum": "La somme des coefficients de {block} vaut toujours 1~: ce que l'un gagne, les autres le perdent, "
    "et la somme de chaque colonne de {derivative} est nulle.",
    "explain.softmax_sum_batch": "Pour chaque {batch}, la somme des coefficients de {block} vaut 1~: "
    "ce que l'un gagne, les autres le perdent, "
    "et la somme des dérivées de {block} par rapport à {own} est nulle.",
    # whole gradients
    "explain.through": "{definition} ne contient pas {wrt}~; {wrt} agit sur {block} par l'intermédiaire de {names}.",
    "explain.through_plain": "{block} ne contient pas {wrt}~; {wrt} agit sur {block} par l'intermédiaire de {names}.",
    "explain.through_also": "{definition} contient {wrt}~; {wrt} agit aussi sur {block} par l'intermédiaire de {names}.",
    "explain.through_also_plain": "{block} contient {wrt}~; {wrt} agit aussi sur {block} par l'intermédiaire de {names}.",
    "explain.path_fixed": "Chemin {path}, {fixed}~: {equation}.",
    "explain.path_fixed_plain": "Chemin {path}, {fixed}.",
    "explain.why_paths_direct": "Pourquoi une somme~: {wrt} agit sur {block} directement et par l'intermédiaire de {names}~; "
    "ces effets s'ajoutent.",
    "explain.start_fixed": "Le retour commence par {equation}, {fixed}.",
    "explain.fixed": "à {names} fixé",
    "explain.fixed_many": "à {names} fixés",
    "explain.fixed_also": "{note}, {fixed}",
    "explain.path_one": "Il y a un seul chemin, {path}~: {equation}.",
    "explain.path_one_plain": "Il y a un seul chemin, {path}.",
    "explain.path": "Chemin {path}~: {equation}.",
    "explain.path_plain": "Chemin {path}.",
    "explain.paths_more.one": "Un autre chemin mène de {wrt} à {block}~; on ne l'écrit pas.",
    "explain.paths_more": "{count} autres chemins mènent de {wrt} à {block}~; on ne les écrit pas un par un.",
    "explain.why_product": "Pourquoi des produits~: le long d'un chemin de {wrt} à {block}, une petite variation est multipliée "
    "tour à tour par chaque dérivée locale.",
    "explain.why_maps": "Pourquoi des applications linéaires~: le long d'un chemin de {wrt} à {block}, une petite variation traverse tour"
    " à tour chaque dérivée locale~; le gradient fait le même chemin en sens inverse, de {block} à {wrt}.",
    "explain.why_paths": "Pourquoi une somme~: quand {wrt} bouge, {names} bougent en même temps~; {block} reçoit tous leurs effets, "
    "et ces effets s'ajoutent.",
    "explain.why_paths_later": "Pourquoi une somme~: {names} sert dans {readers}~; quand il bouge, ceux-ci bougent en même temps, "
    "et leurs effets sur {block} s'ajoutent.",
    "explain.why_paths_grouped": "Rien n'est calculé deux fois~: {names} recueille une seule fois ce qui lui revient, puis le transmet "
    "vers {wrt}.",
    "explain.back_step": "Retour de {block} à {wrt}~: {before} devient {back}.",
    "explain.start": "Le retour commence par {equation}.",
    "explain.zero": "{block} ne dépend pas de {wrt}~: aucun chemin ne mène de {wrt} à {block}, donc {derivative} = 0.",
    "explain.itself": "{block} est la variable elle-même~: ajouter h à {block} ajoute h à {block}, donc {derivative} = 1.",
    "explain.factors_more": "{count} autres dérivées locales entre {wrt} et {block} ne sont pas affichées.",
    # numbers
    "explain.example": "Exemple~: {values}. Si {wrt} passe {from_to}, {moved}.",
    "explain.example_bare": "Exemple~: si {wrt} passe {from_to}, {moved}.",
    "explain.counted": "{element}, en comptant à partir de 1,",
    "explain.from_to": "de {before} à {after}",
    "explain.moves": "{block} passe {from_to}{change}",
    "explain.moves_all": "les {total} coefficients de {array} bougent~; {block} passe {from_to}{change}",
    "explain.moves_some": "{count} des {total} coefficients de {array} bougent~; {block} passe {from_to}{change}",
    "explain.moves_not": "{block} ne bouge pas",
    "explain.change_equal": ", soit la même variation que {wrt}",
    "explain.change_opposite": ", soit la variation opposée à celle de {wrt}",
    "explain.change": "~: une variation de {change}, soit {ratio} fois celle de {wrt}",
    "explain.change_about": "~: une variation de {change}, soit environ {ratio} fois celle de {wrt}. "
    "La dérivée au point de départ vaut {slope}~; "
    "plus le pas est petit, plus les deux se rapprochent",
    "explain.shares": "De cette dérivée, {shares}~: avec un seul chemin, il manquerait une partie de {derivative}.",
    "explain.share": "{value} vient de {path}",
    "explain.share_next": "{value} de {path}",
    # the table, and what constant means
    "explain.compare": "À comparer~:",
    "explain.factors": "Les facteurs~:",
    "explain.coefficient": "{wrt} bouge~; son coefficient est {coefficient}",
    "explain.coefficient_not_one": "{wrt} bouge~; son coefficient est {coefficient}, et non 1",
    "explain.alone": "{wrt} bouge et il est seul~: ajouter h à {wrt} ajoute h à {line}",
    "explain.alone_minus": "{wrt} bouge et il est retranché~: ajouter h à {wrt} retire h à {line}",
    "explain.nonlinear": "{wrt} bouge~; la pente dépend de la valeur de {wrt}",
    "explain.unrelated": "{name} figure dans {line} mais ne dépend pas de {wrt}",
    "explain.from": "d'après {definition}",
    "explain.own_entry": "augmenter {own} augmente {entry}",
    "explain.other_entry": "augmenter {own} diminue chacun des autres {entry}",
    "explain.constant": "«~Constante~» veut dire «~qui ne bouge pas pendant ce calcul~»~: {name} ne bouge pas dans {derivative}, "
    "mais dans {other} c'est {name} qui bouge.",
    "explain.subtotal": "En tout, {equation}.",
    "explain.moves_one": "un seul des {total} coefficients de {array} bouge~; {block} passe {from_to}{change}",
    "explain.change_near": "~: une variation de {change}, soit environ {ratio} fois celle de {wrt}",
    "explain.back_same": "Retour de {block} à {wrt}~: {before} est transmis tel quel.",
    "explain.each_number": "Dans {block}, {function} est une fonction d'un seul nombre. {reason} Sa dérivée est {equation}.",
    "explain.each_bound_number": "Dans {block}, {function} désigne {noun} d'un seul nombre. {reason} Sa dérivée est {equation}.",
}
