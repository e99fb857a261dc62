"""French for exercises and hints: what their commands say, and what stops them."""

from __future__ import annotations

ERRORS = {
    "there is no hint of level {level}": "il n'y a pas d'indice de niveau {level}",
    "Ask for level 1, 2 or 3.": "Demandez le niveau 1, 2 ou 3.",
    "every question is answered": "toutes les questions ont reçu une réponse",
    "Begin another exercise, with another seed.": "Commencez un autre exercice, avec une autre graine.",
    "this is no saved exercise": "ce n'est pas un exercice enregistré",
    "Give a file that `symchain exercise --session FILE` wrote.": "Donnez un fichier écrit par `symchain exercise --session FILE`.",
    "an exercise is made from a program or on a topic": "un exercice se construit à partir d'un programme ou sur un thème",
    "Topics are {topics}.": "Les thèmes sont {topics}.",
    "the seed is no whole number": "la graine n'est pas un nombre entier",
    "Write seed=1.": "Écrivez seed=1.",
    "the number of questions is not between 1 and {most}": "le nombre de questions n'est pas compris entre 1 et {most}",
    "Write count=5.": "Écrivez count=5.",
    "an exercise needs a program without families": "un exercice demande un programme sans familles",
    "Unroll it first: program.unrolled(L=3).": "Déroulez-le d'abord~: program.unrolled(L=3).",
    "no block of the program depends on an input: there is nothing to ask": "aucun bloc du programme ne dépend d'une entrée~: il n'y a "
    "rien à demander",
    "Give a program to derive.": "Donnez un programme à dériver.",
    "the saved exercise is incomplete": "l'exercice enregistré est incomplet",
    "Begin it anew.": "Recommencez-le.",
    "--solutions goes with --sheet.": "--solutions s'emploie avec --sheet",
    "--sheet goes without --answers and --session.": "--sheet s'emploie sans --answers ni --session",
    "--format latex and --sheet go together.": "--format latex et --sheet vont ensemble",
    "Give a program or --topic, one of them.": "donnez un programme ou --topic, l'un des deux",
    "--hint is told as text, latex, markdown, html or json.": "--hint se donne en text, latex, markdown, html ou json",
    "A hint is about one name: --wrt NAME.": "un indice porte sur un seul nom~: --wrt NAME",
    "--hint goes with one --claim.": "--hint s'emploie avec une seule option --claim",
    "Generated programs, in place of one of yours.": "Des programmes engendrés, au lieu d'un des vôtres.",
    "The same seed, the same questions.": "La même graine, les mêmes questions.",
    "So many questions; 5 unless said otherwise.": "Le nombre de questions, 5 par défaut.",
    "One answer a line, ? for a hint; nothing is asked.": "Une réponse par ligne, ? pour un indice~; rien n'est demandé.",
    "Where answers are kept; a session that is there is taken up again.": "Où les réponses sont gardées~; une séance qui s'y trouve est "
    "reprise.",
    "Print the questions as LaTeX.": "Écrit les questions en LaTeX.",
    "With --sheet: and their derivations.": "Avec --sheet~: et leurs dérivations.",
    "Ask for derivatives, judge the answers as `check` does, and give hints.": "Demande des dérivées, juge les réponses comme `check`, et "
    "donne des indices.",
    "In a terminal question by question: ? is a hint, an empty answer stops. --format json gives questions, grades and points.": "Dans un "
    "terminal, question par question~: ? donne un indice, une réponse vide arrête. --format json donne les questions, les notes et les "
    "points.",
    "Not the answer: 1 where to begin, 2 the way and the first factor, 3 all but the last step.": "Pas la réponse~: 1, par où commencer~; "
    "2, le chemin et le premier facteur~; 3, tout sauf la dernière étape.",
}
