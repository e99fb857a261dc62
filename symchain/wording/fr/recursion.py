"""French for derivations of programs with families: recursions of adjoints, and sums over steps."""

from __future__ import annotations

SENTENCES = {
    "recursion.written_once": "Chaque ligne indexée est écrite une seule fois et vaut pour toutes les étapes~; les bornes restent des "
    "lettres, et il en va de même dans la dérivée.",
    "recursion.variable": "La sortie est {output}~; la variable est {wrt}, tout le reste étant fixé.",
    "recursion.variable.family": "La sortie est {output}~; la variable est {wrt}, un terme à la fois, pour {indices}.",
    "recursion.moving": "Ici, {rate} dit comment {output} varie quand {wrt} varie le long du vecteur {vector}~; une récurrence qui monte, "
    "à côté de celle du programme, le calcule. Son gradient, par une récurrence qui descend, est le produit de la hessienne et de ce "
    "vecteur.",
    "recursion.moving.number": "Ici, {rate} est la dérivée de {output} par rapport à {wrt}, calculée par une récurrence qui monte, à côté "
    "de celle du programme~; sa propre dérivée, par une récurrence qui descend, est la dérivée seconde.",
    "recursion.columns": "La hessienne de {output} par rapport à {wrt} n'est pas écrite d'un seul tenant, car elle a deux fois les axes de "
    "{wrt}~: avec un vecteur unité pour {vector}, ceci en est une colonne, et tous les vecteurs unités donnent toutes les colonnes.",
    "section.reading": "Qui dépend de quoi",
    "recursion.readers": "{member} intervient dans {readers}.",
    "recursion.unrolled": "En déroulant quelques étapes, on voit le motif~: ce que reçoit un terme est la somme de ce que lui renvoient "
    "les lignes où il intervient, à des indices décalés~; une ligne hors de son domaine d'indices ne renvoie rien.",
    "section.forward": "Récurrence des sensibilités",
    "recursion.forward.why": "La dérivée est calculée en avançant, à côté des valeurs~: une seule récurrence donne celle de tous "
    "les coefficients de {output}, et son coût croît avec les coefficients de {wrt}~; en reculant, il faudrait une récurrence pour chaque "
    "coefficient de {output}.",
    "recursion.forward.step": "À chaque étape, l'effet de {wrt} dans l'étape même s'ajoute à son effet antérieur, multiplié par la "
    "jacobienne de l'étape.",
    "recursion.forward.once": "{wrt} agit sur {output} sans récurrence.",
    "section.recursion": "Récurrence des adjoints",
    "recursion.adjoint.whole": "L'adjoint {adjoint} est la dérivée de {output} par rapport à {member}, tous les effets ultérieurs compris.",
    "recursion.adjoint.argument": "L'adjoint {adjoint} est la dérivée de {output} par rapport à l'argument de la fonction dont {member} "
    "est la valeur.",
    "recursion.adjoint.later": "L'adjoint {adjoint} est ce que {member} reçoit des lignes où il intervient à d'autres étapes.",
    "recursion.truncated": "La récurrence est tronquée~: les étapes de chaque intervalle sont réparties en fenêtres de longueur {steps}, "
    "comptées à partir de la dernière étape, et ce que définit une fenêtre est tenu fixe dans les suivantes, comme une constante "
    "(rétropropagation tronquée à travers le temps, fenêtre par fenêtre~; Williams et Peng, 1990). Les valeurs de départ ne sont pas "
    "fixées.",
    "recursion.carry": "Le facteur {carries} vaut 0 au bord d'une fenêtre, où rien n'est transmis en arrière, et 1 ailleurs.",
    "recursion.not_whole": "{result} n'est pas la dérivée de {output} par rapport à {wrt}, mais une dérivée tronquée~: ce qui agit d'une "
    "fenêtre à l'autre est laissé de côté. Si une seule fenêtre contient toutes les étapes, les deux coïncident.",
    "recursion.adjoint.truncated": "{adjoint} est ce que {member} reçoit de {output} dans sa fenêtre.",
    "recursion.adjoint.truncated_argument": "{adjoint} est ce que l'argument de la fonction dont {member} est la valeur reçoit de {output} "
    "dans sa fenêtre.",
    "recursion.starts": "La récurrence part de la fin, avec {starts}~: aucune étape ultérieure ne dépend de ce terme.",
    "recursion.past": "Au-delà de la dernière étape, plus rien n'intervient~: {starts} est nul, et la récurrence part de là.",
    "recursion.runs": "Elle descend, de {first} à {last}, car chaque adjoint s'obtient à partir de ceux des étapes ultérieures.",
    "recursion.none": "Ici, aucune étape ne dépend d'une étape antérieure~: chaque adjoint s'obtient directement, sans récurrence.",
    "recursion.none.truncated": "Ici, rien ne revient des étapes ultérieures~: chaque adjoint s'obtient directement, sans récurrence.",
    "recursion.shared": "{wrt} est le même à chaque étape, et chaque étape y contribue~: sa dérivée est la somme sur les étapes.",
    "recursion.own": "{wrt} n'intervient qu'à sa propre étape~: il n'y a pas de somme sur les étapes.",
    "recursion.start": "{wrt} intervient avant la première étape~: sa dérivée est ce que la récurrence y ramène.",
    "recursion.once": "{wrt} n'intervient que dans des lignes isolées~: on ajoute leurs contributions.",
    "recursion.check": "Les lignes, déroulées pour {lengths}, s'accordent avec la différentiation à pas complexe du programme déroulé~; "
    "écart "
    "relatif maximal en {points} points~: {error}.",
    "recursion.check.truncated": "Les lignes, déroulées pour {lengths}, s'accordent avec la différentiation à pas complexe du programme "
    "déroulé, où les termes de fenêtres antérieures sont tenus fixes (stop_gradient)~; écart relatif maximal en {points} points~: {error}.",
    "recursion.check.second": "Les lignes, déroulées à plusieurs longueurs, s'accordent avec des différences centrées de pas complexes à "
    "travers le programme déroulé~; écart relatif maximal en {points} points~: {error}.",
    "recursion.check.fixed": "Les lignes, déroulées, s'accordent avec la différentiation à pas complexe du programme déroulé~; "
    "écart relatif "
    "maximal en {points} points~: {error}.",
    "recursion.check.failed": "La vérification a échoué~: l'écart relatif maximal est de {error}. C'est un défaut de symchain, merci de le "
    "signaler.",
    "recursion.check.none": "Aucune vérification numérique n'a été possible ici~: {reason}.",
    "recursion.role.start": "départ",
    "recursion.role.end": "au-delà de la fin",
    "recursion.role.named": "{name}",
    "recursion.role.named_start": "départ, {name}",
    "recursion.equation": "C'est l'équation {name}.",
    "recursion.named.bp": "Ce sont les équations de la rétropropagation~: BP1 est l'erreur de la couche de sortie, BP2 fait remonter "
    "l'erreur d'une couche, BP3 est le gradient par rapport aux biais, c'est-à-dire l'erreur elle-même, et BP4 celui par rapport aux "
    "poids, l'erreur multipliée par ce qui entre dans la couche.",
    "recursion.named.bptt": "C'est la rétropropagation à travers le temps (BPTT)~: l'erreur remonte pas à pas, et les poids, communs à "
    "toutes les étapes, reçoivent une contribution de chacune d'elles. À chaque pas, l'erreur est multipliée par la transposée de la "
    "jacobienne de l'étape~: sur de nombreuses étapes, le produit s'évanouit si ces facteurs sont de norme inférieure à 1, et peut "
    "exploser s'ils sont de norme supérieure à 1.",
    "recursion.named.costate": "C'est l'équation de l'état adjoint de la commande optimale~: l'adjoint est la dérivée, par rapport à "
    "l'état, du coût restant, et le gradient par rapport aux commandes est la dérivée du hamiltonien.",
    "recursion.named.smoother": "C'est la passe rétrograde du lisseur de Kalman (Bryson et Frazier)~: la moyenne lissée est la moyenne "
    "filtrée, moins sa variance multipliée par ce que l'adjoint de la moyenne ramène des étapes ultérieures.",
}
