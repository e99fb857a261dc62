"""Layers and losses of PyTorch that are more than one formula: normalisation, attention, cross entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symchain.errors import ShapeError, UnsupportedError
from symchain.support.notation import Phrase, number
from symchain.tracing.arrays import Traced
from symchain.tracing.pieces import chunks, swapped
from symchain.tracing.recording import Recording
from symchain.tracing.records import Absent, Builder
from symchain.tracing.sizes import sized
from symchain.tracing.structure import called, count, dims_of, laid_out, product, traced, with_axis


def _classes(recording: Recording, labels: Any, num_classes: int = -1) -> Any:
    if num_classes < 0:
        raise UnsupportedError("one_hot of a number of classes that is not said", advice="Write one_hot(labels, num_classes=k).")
    return recording.made(called("onehot", recording.labels(labels), number(num_classes)))


def _cross_entropy(recording: Recording, input: Any, target: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    """The logarithm of softmax at the target: a class for each row, or the probabilities of all classes (along axis 1)."""
    own = traced(recording, input)
    axis = 1 if own.ndim > 1 else 0
    logs = recording.made(called("log_softmax", own.phrase, axis=number(axis)))
    return _nll(recording, logs, target, reduction, label_smoothing)


def _nll(recording: Recording, input: Any, target: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    logs = traced(recording, input)
    axis = 1 if logs.ndim > 1 else 0
    phrase = recording.labels(target)
    classes = logs.dims[axis]
    labels = recording.shape_of(phrase) != logs.dims
    if labels:
        if logs.ndim > 2 or not isinstance(classes, int):
            raise UnsupportedError("classes along an axis whose size is a letter, or of more than rows", advice="Give one_hot labels.")
        phrase = called("onehot", phrase, number(classes))
    if label_smoothing:
        kept = recording.phrase(1 - label_smoothing)
        rest = Phrase("mul", (recording.phrase(label_smoothing), Phrase("over", (recording.phrase(sized(recording, classes)),))))
        phrase = Phrase("add", (Phrase("mul", (kept, phrase)), rest))
    each = recording.made(called("sum", Phrase("mul", (phrase, logs.phrase)), axis=number(axis)))
    loss = -each
    return loss if reduction == "none" else recording.made(called(reduction, loss.phrase))


def _normalised(recording: Recording, x: Traced, axes: Sequence[int], eps: float) -> Traced:
    """x less its mean, over its standard deviation, along axes."""
    named = recording.phrase(tuple(axes) if len(axes) > 1 else axes[0])
    keep = recording.phrase(True)
    centre = recording.made(called("mean", x.phrase, axis=named, keepdims=keep))
    spread_ = recording.made(called("var", x.phrase, axis=named, keepdims=keep))
    made: Traced = (x - centre) / recording.made(called("sqrt", (spread_ + eps).phrase))
    return made


def _scaled(recording: Recording, x: Any, weight: Any, bias: Any, axis: int | None) -> Any:
    """x*weight + bias, these along one axis, or along the last ones."""
    for given, join in ((weight, "multiply"), (bias, "add")):
        if given is not None:
            own = traced(recording, given)
            if axis is not None:
                for _ in range(x.ndim - 1 - axis):
                    own = with_axis(recording, own, -1)
            x = recording.array_library.call(recording, join, (x, own), {})
    return x


def _layer_norm(recording: Recording, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    own = traced(recording, x)
    last = len(dims_of((tuple(normalized_shape),)))
    made = _normalised(recording, own, list(range(own.ndim - last, own.ndim)), eps)
    return _scaled(recording, made, weight, bias, None)


def _native_layer_norm(recording: Recording, x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    return _layer_norm(recording, x, shape, weight, bias, eps), Absent("the mean of a layer"), Absent("the deviation of a layer")


def _rms_norm(recording: Recording, x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    own = traced(recording, x)
    if eps is None:
        raise UnsupportedError("rms_norm whose eps depends on the precision", advice="Say eps=1e-6.")
    axes = list(range(own.ndim - len(tuple(normalized_shape)), own.ndim))
    named = recording.phrase(tuple(axes) if len(axes) > 1 else axes[0])
    squares = recording.made(called("mean", (own**2).phrase, axis=named, keepdims=recording.phrase(True)))
    return _scaled(recording, own / recording.made(called("sqrt", (squares + eps).phrase)), weight, None, None)


def _batch_norm(
    recording: Recording, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5, cudnn_enabled: Any = None,
) -> Any:  # fmt: skip
    """Along axis 1: by the batch itself in training, by what was learned in use."""
    own = traced(recording, x)
    if training or running_mean is None:
        axes = [k for k in range(own.ndim) if k != 1]
        return _scaled(recording, _normalised(recording, own, axes, eps), weight, bias, 1)
    columns = []
    for given in (running_mean, running_var):
        column = traced(recording, given)
        for _ in range(own.ndim - 2):
            column = with_axis(recording, column, -1)
        columns.append(column)
    made = (own - columns[0]) / recording.made(called("sqrt", (columns[1] + eps).phrase))
    return _scaled(recording, made, weight, bias, 1)


def _group_norm(recording: Recording, x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *rest: Any) -> Any:
    own = traced(recording, x)
    n, c, *others = own.dims
    if not isinstance(c, int) or c % num_groups:
        raise ShapeError(f"{c} channels in {num_groups} groups", advice="Give a number of groups that divides the channels.")
    groups = laid_out(recording, own, (n, num_groups, count([c // num_groups, *others])))
    made = laid_out(recording, _normalised(recording, groups, [2], eps), own.dims)
    return _scaled(recording, made, weight, bias, 1)


def _instance_norm(recording: Recording, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
                   use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> Any:  # fmt: skip
    own = traced(recording, x)
    return _scaled(recording, _normalised(recording, own, list(range(2, own.ndim)), eps), weight, bias, 1)


def _prelu(recording: Recording, x: Any, weight: Any) -> Any:
    own, slope = traced(recording, x), traced(recording, weight)
    if slope.dims != (1,):
        for _ in range(own.ndim - 2):
            slope = with_axis(recording, slope, -1)
    return recording.combined(lambda *p: called("prelu", *p), own, slope)


def _glu(recording: Recording, x: Any, dim: int = -1) -> Any:
    left, right = chunks(recording, x, 2, dim)
    return left * recording.made(called("sigmoid", right.phrase))


def _attention(
    recording: Recording, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(query @ key.T*scale) @ value, in batches."""
    if dropout_p or is_causal or enable_gqa:
        raise UnsupportedError("attention with dropout, a causal mask or groups", advice="Give the mask as an array that is added.")
    q, k, v = (traced(recording, t) for t in (query, key, value))
    width = q.dims[-1]
    factor = scale if scale is not None else 1 / recording.made(called("sqrt", recording.phrase(sized(recording, width))))
    scores = product(recording, q, swapped(recording, k, -2, -1)) * factor
    if attn_mask is not None:
        scores = scores + attn_mask
    weights = recording.made(called("softmax", scores.phrase))
    return product(recording, weights, v)


def _gates(recording: Recording, x: Any, weight: Any, bias: Any, number_of_gates: int) -> Any:
    made = recording.array_library.call(recording, "linear", (x, weight, bias), {})
    return chunks(recording, made, number_of_gates, -1)


def _gru(recording: Recording, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """The gated recurrent unit: new + z*(h - new), where r lets through how much of h the new state reads."""
    (r, z, n), (hr, hz, hn) = _gates(recording, x, w_ih, b_ih, 3), _gates(recording, h, w_hh, b_hh, 3)
    reset, update = (recording.made(called("sigmoid", (a + b).phrase)) for a, b in ((r, hr), (z, hz)))
    new = recording.made(called("tanh", (n + reset * hn).phrase))
    return new + update * (traced(recording, h) - new)


def _lstm(recording: Recording, x: Any, state: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """The long short-term memory: c = f*c + i*g, and o*tanh(c) is shown."""
    h, c = state
    pairs = zip(_gates(recording, x, w_ih, b_ih, 4), _gates(recording, h, w_hh, b_hh, 4), strict=True)
    sums = [a + b for a, b in pairs]
    i, f, g, o = (recording.made(called(w, s.phrase)) for w, s in zip(("sigmoid", "sigmoid", "tanh", "sigmoid"), sums, strict=True))
    cell = f * traced(recording, c) + i * g
    return o * recording.made(called("tanh", cell.phrase)), cell


def _elman(word: str) -> Builder:
    def build(recording: Recording, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        read = [recording.array_library.call(recording, "linear", (a, w, b), {}) for a, w, b in ((x, w_ih, b_ih), (h, w_hh, b_hh))]
        return recording.made(called(word, (read[0] + read[1]).phrase))

    return build


LAYERS: dict[str, Builder] = {
    "gru_cell": _gru,
    "lstm_cell": _lstm,
    "rnn_tanh_cell": _elman("tanh"),
    "rnn_relu_cell": _elman("relu"),
    "one_hot": _classes,
    "cross_entropy": _cross_entropy,
    "cross_entropy_loss": _cross_entropy,
    "nll_loss": _nll,
    "layer_norm": _layer_norm,
    "native_layer_norm": _native_layer_norm,
    "rms_norm": _rms_norm,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "prelu": _prelu,
    "glu": _glu,
    "scaled_dot_product_attention": _attention,
}
