"""French for the command line: how commands are used, what their help says, what stops them."""

from __future__ import annotations

ERRORS = {
    "Of recursions: windows of so many steps, beyond which nothing comes back.": "Pour les récurrences~: des fenêtres d'autant d'étapes, "
    "au-delà desquelles rien n'est transmis en arrière.",
    "Value and gradients alone, every digit certain.": "Valeur et gradients seuls, tous leurs chiffres certains.",
    # What click says.
    "Usage: ": "Usage~: ",
    "Options": "Options",
    "Commands": "Commandes",
    "Error: {what}": "Erreur~: {what}",
    "Try '{command}' for help.": "'{command}' affiche l'aide.",
    "No such option: {name}": "il n'y a pas d'option {name}",
    "No such option '{name}'.": "il n'y a pas d'option {name}",
    "No such command '{name}'.": "il n'y a pas de commande {name}",
    "Missing command.": "il manque une commande",
    "Missing option '{name}'.": "il manque l'option {name}",
    "Missing argument '{name}'.": "il manque l'argument {name}",
    "Got unexpected extra argument ({text})": "argument en trop ({text})",
    "Got unexpected extra arguments ({text})": "arguments en trop ({text})",
    "Option '{name}' requires an argument.": "l'option {name} demande une valeur",
    "Option '{name}' does not take a value.": "l'option {name} ne prend pas de valeur",
    "Invalid value for '{name}': {what}": "valeur incorrecte pour {name}~: {what}",
    "'{value}' is not one of {choices}.": "'{value}' n'est pas parmi {choices}",
    "'{value}' is not a valid {kind}.": "'{value}' n'est pas du type {kind}",
    "Show this message and exit.": "Affiche ce message.",
    "Show the version and exit.": "Affiche la version.",
    "{help}  [default: {value}]": "{help}  [par défaut~: {value}]",
    "[default: {value}]": "[par défaut~: {value}]",
    "{option} is given {count} times; give it once.": "{option} est donné {count} fois~; donnez-le une fois.",
    "{option} is given {count} times; several are the lines of one derivation: add --steps.": "{option} est donné {count} fois~; plusieurs "
    "réponses sont les lignes d'une dérivation~: ajoutez --steps.",
    "Examples to copy:": "Exemples à copier~:",
    # In notebooks.
    "What %load_ext symchain brings.": "Ce qu'apporte %load_ext symchain.",
    "The point is what the notebook's variables hold that are called as the inputs are.": "Le point est donné par les variables du "
    "notebook qui portent le nom des entrées.",
    "Keep NAME_program, NAME_derivation and NAME_kernel, not names without it.": "Garde NAME_program, NAME_derivation et NAME_kernel, au "
    "lieu de noms sans NAME.",
    "Value and gradients follow sliders, one for each input (needs ipywidgets).": "La valeur et les gradients suivent des curseurs, un par "
    "entrée (demande ipywidgets).",
    "Derive a gradient from the equations in the cell, and keep the program, the derivation and the kernel.": "Établit un gradient à "
    "partir des équations de la cellule, et garde le programme, la dérivation et le noyau.",
    "--as {name} is no name that Python takes.": "--as {name} n'est pas un nom que Python accepte",
    "the notebook has no variable {name}": "le notebook n'a pas de variable {name}",
    "Assign it in a cell above, or give {option} {code}.": "Donnez-lui une valeur dans une cellule au-dessus, ou donnez {option} {code}.",
    "ipywidgets is not installed, which sliders need": "ipywidgets, dont les curseurs ont besoin, n'est pas installé",
    "only programs of numbers have sliders": "seuls les programmes de nombres ont des curseurs",
    "Leave --sliders out, and call kernel(...) at points.": "Enlevez --sliders, et appelez kernel(...) en des points.",
    "no point was found where the program has a value": "aucun point n'a été trouvé où le programme ait une valeur",
    "Give one: {code}.": "Donnez-en un~: {code}.",
    # What commands do.
    "Say what is installed, what it enables, and how to get what is missing.": "Dit ce qui est installé, à quoi cela sert, et comment "
    "obtenir ce qui manque.",
    "Derive gradients as a person would publish them, prove them, run them.": "Établit des gradients comme on les publierait, les prouve, "
    "les exécute.",
    "A program is one named block a line, such as {code}. Commands read it from a file, from standard input (-), from -e {text}, or from "
    "a ready model (--model NAME; `symchain models` lists them).": "Un programme est fait de blocs nommés, un par ligne, comme {code}. Les "
    "commandes le lisent dans un fichier, sur l'entrée standard (-), après -e {text}, ou dans un modèle tout prêt (--model NOM~; "
    "`symchain models` en donne la liste).",
    "Exit codes: 0 done, 1 a check failed, 2 unreadable input or usage, 3 not supported or not differentiable, 4 undecided, 70 a defect of "
    "symchain.": "Codes de sortie~: 0 fait, 1 une vérification a échoué, 2 entrée illisible ou mauvais usage, 3 non disponible ou non "
    "dérivable, 4 indécis, 70 un défaut de symchain.",
    "Give one program: a file, -, -e {text}, or --model NAME.": "Donnez un programme~: un fichier, -, -e {text}, ou --model NOM.",
    "The text states no derivative: give --wrt and --claim.": "Le texte n'affirme aucune dérivée~: donnez --wrt et --claim.",
    "Give --claims FILE alone, without --claim and --steps.": "Donnez --claims FICHIER seul, sans --claim ni --steps.",
    "--marks goes with --claims FILE.": "--marks va avec --claims FICHIER.",
    "--format csv goes with --claims FILE.": "--format csv va avec --claims FICHIER.",
    "Give the steps: --steps FILE, or --steps with --claim for each.": "Donnez les étapes~: --steps FICHIER, ou --steps avec --claim pour "
    "chacune.",
    "Give --steps FILE or --claim for each step, not both.": "Donnez --steps FICHIER ou --claim pour chaque étape, pas les deux.",
    "Give --wrt and --claim together, or neither for the statements of a file.": "Donnez --wrt et --claim ensemble, ou aucun des deux pour "
    "les affirmations d'un fichier.",
    "Give the point: --at x=1.5,w=0.8 or --at FILE.": "Donnez le point~: --at x=1.5,w=0.8 ou --at FICHIER.",
    "--wrt names nothing": "--wrt ne nomme rien",
    "Write --wrt W1, --wrt W1,b1 or --wrt all.": "Écrivez --wrt W1, --wrt W1,b1 ou --wrt all.",
    "--at checks what is printed at a point of yours; `symchain eval --format json` gives numbers alone.": "--at vérifie en un point à "
    "vous ce qui s'affiche~; `symchain eval --format json` donne seulement les nombres.",
    "a function's name": "le nom d'une fonction",
    "a shape such as (m, n)": "une taille comme (m, n)",
    "facts such as positive": "des propriétés comme positive",
    "'{source}' cannot be read: {reason}": "«~{source}~» ne peut pas être lu~: {reason}",
    "it has no name": "il n'a pas de nom",
    "it is closed": "elle est fermée",
    "No such file or directory": "le fichier n'existe pas",
    "Is a directory": "c'est un dossier",
    "Permission denied": "l'accès est refusé",
    "Write a file name, - for standard input, -e {text}, or --model NAME.": "Écrivez un nom de fichier, - pour l'entrée standard, -e "
    "{text}, ou --model NOM.",
    "a terminal cannot show this format": "un terminal ne peut pas montrer ce format",
    "Write it to a file with -o FILE.": "Écrivez-le dans un fichier avec -o FICHIER.",
    "Write to a file with -o FILE.": "Écrivez dans un fichier avec -o FICHIER.",
    "standard output is closed": "la sortie standard est fermée",
    "standard output cannot be written: {reason}": "on ne peut pas écrire sur la sortie standard~: {reason}",
    "'{output}' cannot be written: {reason}": "on ne peut pas écrire dans «~{output}~»~: {reason}",
    "Choose another file after -o.": "Choisissez un autre fichier après -o.",
    "symchain: {what}": "symchain~: {what}",
    "interrupted": "interrompu",
    "the check of {names} failed; this is a defect of symchain, please report it": "la vérification de {names} a échoué~; c'est un défaut "
    "de symchain, merci de le signaler",
    "a defect of symchain, not of your input ({what})": "un défaut de symchain, pas de votre entrée ({what})",
    "Please report the command and this line; with SYMCHAIN_TRACEBACK=1 set it says where.": "Merci de signaler la commande et cette "
    "ligne~; avec SYMCHAIN_TRACEBACK=1, elle dit où.",
    # The help of options.
    'The program itself: -e "z = w*x; C = z**2".': 'Le programme lui-même~: -e "z = w*x; C = z**2".',
    "A ready model; `symchain models` lists them.": "Un modèle tout prêt~; `symchain models` en donne la liste.",
    "The text is LaTeX or Markdown, as files .tex and .md are.": "Le texte est en LaTeX ou en Markdown, comme les fichiers .tex et .md.",
    "Bind a function name, whatever the text says: --let sigma1=sigmoid.": "Donne sa fonction à un nom, quoi que dise le texte~: --let "
    "sigma1=sigmoid.",
    'Declare shapes: --shapes "W=(m,n), x=(n,)".': 'Déclare des tailles~: --shapes "W=(m,n), x=(n,)".',
    "Declare facts: --assume r=positive.": "Déclare des propriétés~: --assume r=positive.",
    "The output; by default the last block.": "La sortie~; par défaut le dernier bloc.",
    "Write there instead of standard output.": "Écrit là plutôt que sur la sortie standard.",
    "x=1.5,w=0.8 or a file of such lines or of JSON; arrays as [1, 2].": "x=1.5,w=0.8, ou un fichier de telles lignes ou de JSON~; les "
    "tableaux s'écrivent [1, 2].",
    "By what: W1,b1 or all.": "Par rapport à quoi~: W1,b1 ou all.",
    "By what: one name.": "Par rapport à quoi~: un nom.",
    "The language of sentences; else SYMCHAIN_LANG says.": "La langue des phrases~; à défaut, celle de SYMCHAIN_LANG.",
    "Deriving": "Dérivation",
    "Evaluating": "Évaluation",
    "Compiling": "Compilation",
    "Reading": "Lecture",
    "Checking": "Vérification",
    "Drawing": "Dessin",
    "Explaining": "Explication",
    "Stop at the first statement of a document that is refused.": "S'arrête à la première ligne refusée d'un document.",
    "0: value, 1: and gradients, 2: and Hessian.": "0~: la valeur, 1~: et les gradients, 2~: et la hessienne.",
    "What the code runs on.": "Ce sur quoi le code s'exécute.",
    'What the derivative is said to be: --claim "2(a - y)x".': 'Ce que vaudrait la dérivée~: --claim "2(a - y)x".',
    "A table of answers: CSV with columns id, output, wrt, claim.": "Un tableau de réponses~: CSV aux colonnes étudiant, sortie, variable, "
    "réponse.",
    "A derivation, one line a step, from a file or each --claim.": "Une dérivation, une étape par ligne, dans un fichier ou par --claim.",
    "With --claims: points, in TOML (full, wrong, undecided, unreadable, [mistakes]).": "Avec --claims~: le barème, en TOML (full, wrong, "
    "undecided, unreadable, [mistakes]).",
    "What a formula may hold.": "Ce qu'une formule peut contenir.",
    "How answers are written.": "Comment les réponses sont écrites.",
    "With --claims: so long one answer may take.": "Avec --claims~: le temps laissé à une réponse.",
    "Blocks, or single operations.": "Des blocs, ou des opérations isolées.",
    # What each command does.
    "Print how a gradient is derived, step by step.": "Montre comment un gradient s'obtient, pas à pas.",
    "html is a fragment for a page of yours; with -o it is a page of its own, with graph, sensitivity and code.": "html donne un fragment "
    "pour une page à vous~; avec -o, une page autonome, avec le graphe, la sensibilité et le code.",
    "Print how second derivatives are derived.": "Montre comment les dérivées secondes s'obtiennent.",
    "Make a page for a browser: derivation, graph, sensitivity and code.": "Fait une page pour un navigateur~: dérivation, graphe, "
    "sensibilité et code.",
    "One HTML file in every language that symchain speaks; it loads nothing.": "Un seul fichier HTML, dans toutes les langues de "
    "symchain~; il ne charge rien.",
    "Print what every input does to the output near a point.": "Montre l'effet de chaque entrée sur la sortie autour d'un point.",
    "Lists for the inputs of a program of numbers are many points: --at {example}.": "Des listes pour les entrées d'un programme de "
    "nombres donnent plusieurs points~: --at {example}.",
    "Print the value and the gradients at a point.": "Donne la valeur et les gradients en un point.",
    "Print the code of value and gradients.": "Donne le code de la valeur et des gradients.",
    "Print a program as symchain understood it.": "Montre un programme tel que symchain l'a compris.",
    "What may have been meant otherwise, and of a document how each statement was read, skipped or refused, go to standard error; json "
    "holds it all.": "Ce qui pouvait se comprendre autrement et, pour un document, comment chaque ligne a été lue, passée ou refusée vont "
    "sur la sortie d'erreur~; json contient tout.",
    "Judge a derivative that someone worked out, and name the mistake in it.": "Juge une dérivée calculée par quelqu'un, et nomme l'erreur "
    "s'il y en a une.",
    "Without --claim, all statements of a LaTeX, Markdown or notebook file, and their counts. --using says what is accepted as an answer: "
    "inputs alone, also blocks, also derivatives by name (factors: dC/da*da/dz). Answers are read as people type them, in LaTeX too. Exit "
    "codes: 0 right, 1 wrong, 2 unreadable, 4 undecided or not judged; of many, the first of 1, 2 and 4 that occurs.": "Sans --claim, "
    "toutes les affirmations d'un fichier LaTeX, Markdown ou notebook, et leur décompte. --using dit ce qu'une réponse peut contenir~: les "
    "entrées seules (inputs), aussi les blocs (blocks), aussi des dérivées par leur nom (factors~: dC/da*da/dz). Les réponses se lisent "
    "comme on les tape, en LaTeX aussi. Codes de sortie~: 0 juste, 1 faux, 2 illisible, 4 indécis ou non jugé~; pour plusieurs, "
    "le premier de 1, 2 et 4 qui se présente.",
    "Draw the blocks with values, and with gradients on the wires that lead to the names asked for.": "Dessine les blocs, avec les "
    "valeurs, et les gradients sur les fils qui mènent aux noms demandés.",
    "Without a point there are names in place of numbers.": "Sans point, des noms remplacent les nombres.",
    "Say why a derivative is what it is, step by step.": "Dit pourquoi une dérivée vaut ce qu'elle vaut, pas à pas.",
    "Of a block by a name it reads: term by term, with an example in numbers. By a name that acts on it through other blocks: path by "
    "path.": "Pour un bloc et un nom qu'il lit~: terme à terme, avec un exemple numérique. Pour un nom qui agit par d'autres blocs~: "
    "chemin par chemin.",
    "List the ready models, or print one.": "Donne la liste des modèles tout prêts, ou en affiche un.",
    "Of the lines of LaTeX: page, article, column, or a length such as 88mm.": "Des lignes de LaTeX~: page, article, column, ou une "
    "longueur comme 88mm.",
    "With --format latex: a whole document.": "Avec --format latex~: un document entier.",
    "--{option} is for --format latex.": "--{option} va avec --format latex.",
    "--notation is for what people read, not for json.": "--notation ne va pas avec json, qui contient les arbres eux-mêmes.",
    "{asked} is no width of a line of {least} to {most} points": "{asked} n'est pas une largeur de ligne de {least} à {most} points",
    "Write page, article, column, or a length such as 345pt, 88mm or 3.4in.": "Écrivez page, article, column, ou une longueur comme 345pt, "
    "88mm ou 3.4in.",
    "Did you mean one of: {names}?": "Vouliez-vous écrire l'une de {names}~?",
    "(Did you mean one of: {names}?)": "(vouliez-vous écrire l'une de {names}~?)",
    "(Did you mean {name}?)": "(vouliez-vous écrire {name}~?)",
    "derivations of recursions have no --{option} here": "les dérivations de récurrences n'ont pas d'option --{option} ici",
    "Leave it out, or ask for one name.": "Retirez-la, ou demandez un seul nom.",
}
