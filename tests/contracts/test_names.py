"""No other file names a function or an operation: where one does, it stands in this list with the reason, and the list only shrinks.

A name is a text of the code that is the name, or another name, of a declared record. Many of them are other words spelt the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import symchain
import symchain.functions
import symchain.operations
from symchain.functions.spec import ALIASES, OPERATIONS

PACKAGE = Path(symchain.__file__).parent
RECORDS = ("functions", "operations")
"""Where records are declared."""

NAMED: dict[str, dict[str, str]] = {
    "handwriting: what people write with signs, and what schools call functions": {
        "language/bars.py": "abs",
        "language/completion.py": "abs power sqrt",
        "language/handwriting.py": "arccosh arcsinh arctan arctanh cosh cot csc exp pow sinh sqrt tan tanh",
    },
    "teaching: what is said of one function, and the mistakes that are made with it": {
        "analysis/checking/conditions.py": "relu sigmoid softplus tanh",
        "analysis/checking/diagnosis.py": "sign",
        "analysis/checking/recursions.py": "index sign",
        "analysis/checking/mistakes.py": "relu sigmoid softplus tanh",
        "analysis/checking/repairs.py": "index pow",
        "analysis/explaining/arrays.py": "index place",
        "analysis/explaining/contrasts.py": "index softmax",
        "analysis/explaining/scalars.py": "place pow power",
        "analysis/explaining/softmaxes.py": "exp softmax",
    },
    "simplification: identities of one function": {
        "deriving/recognition.py": "abs",
        "deriving/sharing.py": "index pow",
        "deriving/balance.py": "exp log normpdf sqrt",
        "rewriting/choices.py": "abs clip sign",
        "rewriting/exponentials.py": "sigmoid",
        "rewriting/inversion.py": "inv pinv",
        "rewriting/slices.py": "index",
        "rewriting/steps.py": "gather inv onehot sign softmax",
    },
    "SymPy's, NumPy's and SciPy's names": {
        "evidence/meanings.py": (
            "acos acosh acot asin asinh atan atan2 atanh besseli beta ceiling cos cosh cot coth csc csch digamma erf erfc erfi exp "
            "floor gamma iv log loggamma polygamma psi sec sech sign sin sinc sinh tan tanh"
        ),
        "language/sympy_matrices.py": "concatenate det inv reshape sqrtm",
        "language/sympy_sums.py": "prod",
        "tensors/exchange.py": "abs exp maximum minimum",
        "tensors/matrix_exchange.py": "index pow",
        "tensors/namesakes.py": (
            "LambertW besseli besselj besselk bessely beta betainc erf erfcinv expi gamma gammainc gammaincc heaviside hyp1f1 "
            "hyp2f1 lambertw log mod poch sinc spence zeta"
        ),
    },
    "names of other libraries, and what they are here": {
        "tracing/arrays.py": "absolute floor_divide remainder round",
        "tracing/assignment.py": "concatenate index",
        "tracing/convolutions.py": "concatenate convolution max",
        "tracing/functions.py": "stop_gradient",
        "tracing/jaxprs.py": "flip max min stop_gradient",
        "tracing/layers.py": "log_softmax one_hot onehot prelu relu sigmoid softmax sqrt tanh",
        "tracing/numpy.py": (
            "clip concatenate cummax cummin cumprod cumsum logaddexp logsumexp max maximum min minimum prod reshape rint "
            "round"
        ),
        "tracing/pieces.py": "clamp concatenate cummax cummin flip index max maximum min minimum sort",
        "tracing/primitives.py": "cholesky clamp clip concatenate flip gather log_softmax reshape softplus sort square",
        "tracing/recording.py": "detach index minimum",
        "tracing/records.py": "index",
        "tracing/structure.py": "clip float_power index maximum minimum reshape",
        "tracing/torch.py": "abs",
    },
    "other words that are spelt the same: heads of phrases, names of rules, facts of inputs": {
        "app/setting.py": "index",
        "evidence/sampling.py": "onehot",
        "kernels/checkpoints.py": "sqrt",
        "kernels/export/points.py": "onehot",
        "kernels/facts.py": "onehot",
        "kernels/integrations/descent.py": "log",
        "kernels/integrations/parameters.py": "log logit",
        "language/shapes.py": "index minimum reshape",
        "nouns/derivation.py": "gather power sign",
        "nouns/sensitivity.py": "sign",
        "nouns/verdict.py": "sign",
        "render/__init__.py": "index",
        "render/calls.py": "log power",
        "render/influences.py": "index",
        "render/latex.py": "index inv pow power prod",
        "render/layout.py": "power",
        "render/maps.py": "index",
        "render/picture.py": "sign",
        "render/remarks.py": "power",
        "render/text.py": "index pow",
        "render/tikz.py": "sign",
        "rules/forward.py": "power",
        "support/dimensions.py": "min minimum",
        "support/notation.py": "index pow",
        "tensors/kroneckerform.py": "index",
        "tensors/terms.py": "power",
    },
    "the instruction set: its opcodes and primitives are words of its own, those of saved files": {
        "kernels/oscillating.py": "airyai airyaiprime airybi airybiprime cosint fresnelc fresnels sinint",
        "kernels/arrays.py": (
            "cholesky concatenate convolution cosm cosm_frechet cross cummax cummin cumprod cumsum det expm expm_frechet flip "
            "gather index inv log_softmax logdet logsumexp max min onehot pinv place prod reshape roll scatter sinm sinm_frechet "
            "softmax sort take_ranked take_sorted tril triu"
        ),
        "kernels/arraydigits.py": "cholesky cosm det expm inv sinm sqrtm",
        "kernels/interpreter.py": (
            "abs cholesky concatenate convolution cosm cross cummax cummin cumprod cumsum det exp expm flip gather index inv log "
            "log_softmax logdet logsumexp max min onehot pinv place power prod reshape roll scatter sign sinm softmax sort sqrt sqrtm "
            "take_ranked take_sorted tril triu"
        ),
        "kernels/certified.py": "cholesky det expm inv pinv",
        "kernels/balls.py": (
            "abs arctan2 cbrt cos cosh dawsn erf erfc erfcinv erfi erfinv exp expi expm1 expn floor gamma gammaln heaviside iv jv "
            "kv log log1p log_expit logaddexp maximum minimum polygamma power psi sigmoid sign sin sinc sinh sqrt tan tanh xlogy yv "
            "zeta airyai airyaiprime airybi airybiprime betainc betaincc binom cosint fresnelc fresnels gammainc gammaincc hyp1f1 hyp2f1 "
            "sinint spence ellipe ellipk lambertw"
        ),
        "kernels/definitions.py": (
            "abs airyai airyaiprime airybi airybiprime arccos arccosh arcsin arcsinh arctan arctan2 arctanh beta betainc betaincc "
            "betaln binom boxcox boxcox1p cbrt ceil clip copysign cos cosh cosint cosm1 dawsn deg2rad digamma ellipe ellipk entr "
            "erf erfc erfcinv erfcx erfi erfinv exp exp1 exp2 expi expit expm1 expn exprel floor fmax fmin fmod fresnelc fresnels "
            "gamma gammainc gammaincc gammaln heaviside huber hyp1f1 hyp2f1 hypot iv jv kl_div kv lambertw log log10 log1p log2 "
            "log_expit log_ndtr logaddexp logaddexp2 loggamma logit maximum minimum mod ndtr ndtri owens_t poch polygamma power "
            "pseudo_huber psi rad2deg rel_entr rgamma rint sigmoid sign silu sin sinc sinh sinint spence sqrt square stdtr tan tanh trunc "
            "xlog1py xlogy yv zeta"
        ),
        "kernels/digits.py": (
            "abs cbrt cos cosh erf erfc exp expm1 floor gamma gammaln hypot log log10 log1p power sigmoid sign sin sinc sinh sqrt "
            "tan tanh"
        ),
        "kernels/doubts.py": (
            "Phi abs arccos arccosh arcsin arctanh beta betaln binom clip cos cosh digamma entr erfc erfcx exp exp2 factorial gamma "
            "gammaln heaviside hypot i0 i0e j0 j1 k0 k0e k1 k1e kl_div leaky_relu log log10 log1p log2 log_sigmoid logaddexp logit "
            "logsigmoid maximum minimum normpdf place poch polygamma relu reshape sech sigmoid sign silu sin softplus sqrt square tan "
            "trigamma xlogy y0 y1 zeta"
        ),
        "kernels/entrydoubts.py": (
            "convolution cumsum index place power reshape scatter"
        ),
        "kernels/floats.py": (
            "abs acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh deg2rad expit maximum "
            "pow power rad2deg sigmoid"
        ),
        "kernels/guard.py": "abs max min",
        "kernels/moredigits.py": (
            "airyai airyaiprime airybi airybiprime beta betainc betaincc binom cosint dawsn ellipe ellipk erfcinv erfcx erfi erfinv "
            "exp1 expi expn fresnelc fresnels gammainc gammaincc hyp1f1 hyp2f1 i0e i1e iv jv k0e k1e kv lambertw owens_t poch "
            "polygamma psi sinint spence yv zeta"
        ),
        "kernels/integrations/axes.py": "concatenate gather index place reshape scatter",
        "kernels/integrations/jacobians.py": "place",
        "lowering/bands.py": "index place",
        "kernels/integrations/samples.py": "scatter",
        "kernels/javascript/primitives.py": (
            "acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh pow power"
        ),
        "kernels/export/arrays.py": (
            "airyai betainc cbrt cholesky concatenate convolution cross cummax cummin cumprod cumsum deg2rad det eigvalsh "
            "erf erfc erfcx erfinv expi expm expm_frechet expn flip fmod gamma gammainc gammaincc gather heaviside hyp1f1 "
            "i0 i0e i1 i1e index inv j0 j1 k0 k1 log_softmax logaddexp logaddexp2 logdet logsumexp max min mod ndtri "
            "nuclear_norm onehot orthogonal_factor pinv place power prod rad2deg reshape rint roll scatter softmax sort "
            "spectral_norm spence svdvals sylvester take_ranked take_sorted tril triu y0 y1 zeta"
        ),
        "kernels/export/axes.py": "abs exp log log1p maximum minimum sqrt",
        "kernels/export/c.py": "abs fabs gamma lgamma maximum minimum pow power sign",
        "kernels/export/expressions.py": (
            "abs binom cos cosh entr erf erfc erfcx exp expm1 exprel floor gamma gammaln kl_div log log1p log_ndtr logit "
            "power psi sech sin sinc sqrt tanh"
        ),
        "kernels/export/fortran.py": "copysign erfcx floor fmod j0 j1 mod power sign trunc y0 y1",
        "kernels/export/julia.py": (
            "arctan2 atan besseli besselj besselk bessely dawsn dawson digamma erf erfc erfcinv erfcx erfi erfinv expi fmod "
            "gamma iv j0 j1 jv kv log log1p loggamma power psi rint round sqrt y0 y1 yv zeta"
        ),
        "kernels/export/layouts.py": "arctan2 atan2 cos cosh sin sinh tan tanh",
        "kernels/export/loops.py": "maximum minimum",
        "kernels/export/matlab.py": (
            "besseli besselj besselk bessely betainc fix fmod gammainc gammaincc gammaln iv jv kv log log1p power sqrt "
            "trunc yv"
        ),
        "kernels/export/matrices.py": "abs det log logdet sqrt",
        "kernels/export/numba.py": "abs ceil floor power sign trunc",
        "kernels/native/factors.py": "inv",
        "kernels/native/loops.py": (
            "cholesky concatenate convolution cummax cummin cumprod cumsum det flip gather index inv log_softmax logdet logsumexp max "
            "min place power prod reshape roll scatter softmax sort sqrt take_ranked take_sorted tril triu"
        ),
        "kernels/native/primitives.py": (
            "abs acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh beta betainc betaincc "
            "betaln binom boxcox boxcox1p clip copysign cosh cosm1 dawsn deg2rad digamma ellipe ellipk entr erfcinv erfcx erfi "
            "erfinv exp exp1 expi expit expm1 expn exprel fabs floor gamma gammainc gammaincc gammaln heaviside huber hyp1f1 hyp2f1 "
            "i0 i0e i1 i1e iv j0 j1 jv k0 k0e k1 k1e kl_div kv lgamma log log1p log_expit log_ndtr logaddexp logaddexp2 loggamma "
            "logit maximum minimum mod ndtr ndtri owens_t poch pow power pseudo_huber psi rad2deg rel_entr rgamma sech sigmoid sign silu "
            "sinc spence sqrt square stdtr tanh xlog1py xlogy y0 y1 yv"
        ),
        "kernels/numpy.py": "cosh power",
        "kernels/opcodes.py": (
            "cholesky concatenate convolution cosm cross cummax cummin cumprod cumsum det eigenvectors eigvalsh expm flip gather "
            "index inv left_singular_vectors log_softmax logdet logm logsumexp max min nuclear_norm onehot orthogonal_factor pinv "
            "place power prod reshape right_singular_vectors roll scatter sinm softmax sort spectral_norm sqrt sqrtm svdvals "
            "sylvester take_ranked take_sorted tril triu"
        ),
        "kernels/primitives.py": (
            "abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh deg2rad "
            "degrees fabs hyp2f1 mod pow power rad2deg radians remainder"
        ),
        "kernels/watched.py": (
            "concatenate flip index power reshape roll sqrt"
        ),
        "kernels/writing.py": "abs arcsinh arctan cbrt clip cos erf erfc power sin sinc tanh",
    },
    "compositions: what is made of an operation or a function, as pullbacks are": {
        "language/distributions.py": (
            "airyai airyaiprime airybi airybiprime betainc betaincc cosint floor fresnelc fresnels gammainc gammaincc sinint"
        ),
        "latex/document.py": "round",
        "language/statements.py": "index",
        "language/arrangements.py": "convolution cumprod cumsum place reshape roll sort",
        "language/labels.py": "gather log log_softmax max min onehot relu scatter take_sorted",
        "language/layers.py": "concatenate place sigmoid softmax tril",
        "language/parts.py": "floor_divide max min mod trunc",
        "language/places.py": "concatenate cumsum index",
        "language/windows.py": "concatenate max place",
        "language/sequences.py": "abs concatenate convolution gather index log logsumexp max min place relu reshape sort",
        "language/decompositions.py": (
            "abs det eigenvectors eigvalsh inv logdet max min nuclear_norm orthogonal_factor pinv sign spectral_norm svdvals tril "
            "triu"
        ),
        "language/arithmetic.py": "concatenate",
        "language/calls.py": "concatenate gammaln log reshape softmax sqrt",
        "language/indexing.py": "index",
        "language/settling.py": "index",
        "rules/local.py": "log",
        "rules/operations.py": "concatenate cumprod prod reshape",
    },
    "the grammar: x[0] and x**y are written with signs; names of NumPy; what may have more than two arguments": {
        "language/elaborate.py": "gather index pow",
        "language/forms.py": "log float_power hypot logaddexp logaddexp2 maximum minimum pow power",
        "language/grammar.py": "floor_divide index mod pow prod",
        "language/lookup.py": "amax amin index max maximum min minimum place",
        "language/reading.py": "pow",
        "language/remarks.py": "det inv kl_div logdet pow power",
    },
    "spellings: Greek letters, and the words that TeX, Typst and languages have for functions": {
        "language/spelling.py": "beta gamma psi zeta",
        "render/measure.py": "arccos arcsin arctan cos cosh cot coth csc det exp ln log max min sec sin sinh tan tanh",
        "render/names.py": "Phi beta gamma psi zeta",
        "render/typst.py": (
            "Phi arccos arcsin arctan beta cos cosh cot coth csc det exp gamma ln log max min psi sec sin sinh tan tanh zeta"
        ),
        "render/unicode.py": "log",
        "wording/fr/__init__.py": "arccosh arcsinh arctan arctanh cosh cot csc floor ln sigmoid sign sinh sqrt tan tanh",
        "wording/locale.py": "log",
    },
    "LaTeX as others write it: commands, and how they are read": {
        "latex/algebra.py": "cbrt exp inv pow power sqrt",
        "latex/arrays.py": "det logdet onehot power sigmoid softmax",
        "latex/clauses.py": "gather",
        "latex/derivatives.py": "power",
        "latex/enclosures.py": "abs",
        "latex/forms.py": "power",
        "latex/formulas.py": "abs det inv log max maximum min minimum pinv pow power prod",
        "latex/grammar.py": (
            "arccos arccosh arcosh arcsin arcsinh arctan arctanh arsinh artanh binom cos cosh cot coth csc det erf exp factorial ln log "
            "logsumexp max min power prod psi sec sech sgn sign sin sinh sqrt tan tanh"
        ),
        "latex/naming.py": "cos cosh exp gamma log sin sinh sqrt",
        "latex/nodes.py": "abs power",
        "latex/preparation.py": "abs",
        "latex/ranks.py": "power",
        "latex/rowwise.py": "power",
        "latex/scripts.py": "det exp log max min power sqrt",
        "latex/statements.py": "power",
        "latex/tokens.py": "prod sqrt",
        "latex/unification.py": "abs power",
        "latex/units.py": "power",
        "latex/usage.py": "power psi",
        "latex/values.py": "cross index log_softmax softmax",
        "latex/vocabulary.py": "cos cosh exp ln log max min relu sigmoid sin sinh softmax softplus sqrt tan tanh",
    },
    "numerical analysis: forms of one function that keep digits": {
        "lowering/assembly.py": "power sqrt",
        "lowering/cofactors.py": "det inv",
        "lowering/corners.py": "hypot sqrt",
        "lowering/series.py": "entr log log10 log2",
        "rewriting/logarithms.py": "log",
        "rewriting/repeated.py": "flip index place roll tril triu",
        "rewriting/roots.py": "hypot pseudo_huber rsqrt sqrt",
        "rewriting/softmaxes.py": "index log log_softmax onehot softmax",
    },
    "exercises: the functions that a course asks for first": {"analysis/exercising.py": "cos exp log sigmoid sin sqrt tanh"},
    "names of fields of an error: its place": {"app/workers/tasks.py": "place"},
    "normal forms and notation: identities of one function, and phrases whose heads have names of functions": {
        "tensors/algebra.py": "inv reshape",
        "tensors/definiteness.py": "onehot",
        "tensors/facts.py": "cosh erfc erfcx exp exp2 softplus",
        "tensors/indexform.py": "flip gather index pow sqrt",
        "tensors/indexgraph.py": "index minimum pow",
        "tensors/isolation.py": "max min",
        "tensors/matrixform.py": "pow sqrt",
        "tensors/placing.py": "concatenate index place",
        "tensors/products.py": "cosh exp exp2 inv onehot reshape sigmoid softplus sqrt",
    },
    "families: members are written a[l-1], and sums and products over an index are called as those over axes are": {
        "deriving/recursions/checking.py": "index",
        "deriving/recursions/frames.py": "pow prod",
        "deriving/recursions/windows.py": "mod",  # which steps end a window
        "language/indexed.py": "index",
        "language/members.py": "index",
        "language/ordering.py": "index",
        "language/unrolling.py": "index prod stop_gradient",
        "nouns/families.py": "prod",
        "render/data.py": "index",
        "render/programs.py": "index",
    },
}
"""By reason, then by file: the names that stand there."""

ALLOWED = {file: set(names.split()) for files in NAMED.values() for file, names in files.items()}
FILES = sorted(str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0] not in RECORDS)


def named_in(source: str) -> Iterator[str]:
    """The names of records that a source holds as texts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ALIASES:
            yield node.value


@pytest.mark.parametrize("file", FILES)
def test_no_other_file_names_a_function_or_an_operation(file: str) -> None:
    found = set(named_in((PACKAGE / file).read_text(encoding="utf-8")))
    allowed = ALLOWED.get(file, set())
    assert found <= allowed, "What is known of a function or an operation stands in its record: give it a field."
    assert found >= allowed, "The list only shrinks: these names are gone from the file, take them off it."


def test_the_list_is_of_files_that_exist() -> None:
    assert set(FILES) >= ALLOWED.keys()
    assert sum(len(files) for files in NAMED.values()) == len(ALLOWED), "one reason for each file"


def test_the_test_sees_names() -> None:
    assert list(named_in("def f(node):\n    return node.name in ('softmax', 'nothing')")) == ["softmax"]


def test_most_operations_are_named_by_their_records_alone() -> None:
    """Apart from the instruction set, from LaTeX and code as others write them, and from what is composed of them."""
    apart = [file for reason, files in NAMED.items() for file in files if reason.startswith("compositions:")]
    own = {f: names for f, names in ALLOWED.items() if not f.startswith(("kernels/", "latex/", "tracing/")) and f not in apart}
    elsewhere = {ALIASES[n] for names in own.values() for n in names}
    alone = set(OPERATIONS) - elsewhere
    assert alone >= {
        *("cholesky", "expm", "sinm", "cosm", "expm_frechet", "sinm_frechet", "cosm_frechet", "cross"),
        *("cumsum", "scatter"),
    }
