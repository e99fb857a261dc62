"""The helpers that exported files over PyTorch and JAX share, as source: they call the few that each library has its own way of."""

BOTH = """
def picked(x, items):
    axis = 0
    for k, item in enumerate(items):
        if item is not None:
            if isinstance(item, slice) and item.step < 0:
                x = taken(x, list(range(item.start, item.stop, item.step)), axis)
            axis += 1
    return x[tuple(slice(None) if isinstance(i, slice) and i.step < 0 else i for i in items)]

def forward(x, items):
    turned, axes = [], 0
    for item in items:
        if isinstance(item, slice):
            if item.step < 0:
                places = range(item.start, item.stop, item.step)
                item = slice(places[-1], places[0] + 1, -item.step) if len(places) else slice(0, 0, 1)
                x = turned_around(x, axes)
            turned.append(item)
            axes += 1
        elif item is None:
            x = x.sum(axes)
        else:
            turned.append(item)
    return x, tuple(turned)

def gram(x, w):
    return x.T @ (w[:, None]*x)

def balanced(r, p, *rest):
    *total, axis = rest
    sure = p > 0.75
    left = where(sure, 0.0*r, r).sum(axis)
    left = (total[0] - left if total else -left)
    return where(sure, expanded(left, axis) + 0.0*r, r)

def orthogonal(r, u, axis):
    p = u*u
    sure = p > 0.75
    return where(sure, balanced(r*u, p, axis)/where(sure, u, 1.0 + 0.0*u), r)

def norm(squares, x, axes):
    top = abs(x)
    for axis in sorted(axes, reverse=True):
        top = expanded(largest(top, axis), axis)
    scaled = (x/where(top > 0, top, 1.0 + 0.0*top))**2
    for axis in sorted(axes, reverse=True):
        scaled, top = scaled.sum(axis), top.sum(axis)
    near = (squares > 1e-290) & (squares < 1e290)
    return where(near, where(near, squares, 1.0 + 0.0*squares)**0.5, scaled**0.5*top)

def unit(x, r, axes):
    for axis in sorted(axes):
        r = expanded(r, axis)
    return x/r

def convolution(a, v):
    n = v.shape[-1]
    return sum(padded(a*v[..., j : j + 1], j, n - 1 - j) for j in range(n))

def cofactors(a):
    u, s, v = singular(a, True)
    n = s.shape[-1]
    others = [[s[..., j] for j in range(n) if j != k] for k in range(n)]
    p = stacked([product(o, s[..., k]) for k, o in enumerate(others)])
    sign = determinant(u)*determinant(v)
    return sign[..., None, None]*((u*p[..., None, :]) @ v)

def product(factors, like):
    total = like*0 + 1
    for x in factors:
        total = total*x
    return total

def block(a, e):
    a = spread(a, e.shape)
    return joined([joined([a, e], -1), joined([0.0*e, a], -1)], -2)

def expm_frechet(a, e):
    n = a.shape[-1]
    return expm(block(a, e))[..., :n, n:]

def sylvester(a, b, q):
    m, n = a.shape[-1], b.shape[-1]
    system = kron(a, eye_like(b)) + kron(eye_like(a), b.T)
    return solved(system, q.reshape((*q.shape[:-2], m*n, 1))).reshape(q.shape)

def symmetric(a):
    return (a + a.swapaxes(-1, -2))/2
"""
