"""Recursions of many fields: epidemics, chemistry, finance, filters, decoders, quadrature, optimisers, alignment, solvers."""

from __future__ import annotations

PROGRAMS: dict[str, str] = {
    "epidemic": (
        "beta: ()\n"
        "gamma: ()\n"
        "S[0] = 1 - i0\n"
        "I[0] = i0\n"
        "S[t] = S[t-1] - beta*S[t-1]*I[t-1] for t in 1..T\n"
        "I[t] = I[t-1] + beta*S[t-1]*I[t-1] - gamma*I[t-1] for t in 1..T\n"
        "C = sum((I[t] - d[t])**2 for t in 1..T)"
    ),
    "epidemic with exposure": (
        "S[0]=s0\n"
        "E[0]=e0\n"
        "I[0]=i0\n"
        "R[0]=0*s0\n"
        "n[t] = beta*S[t-1]*I[t-1] for t in 1..T\n"
        "S[t]=S[t-1]-n[t] for t in 1..T\n"
        "E[t]=E[t-1]+n[t]-sig*E[t-1] for t in 1..T\n"
        "I[t]=I[t-1]+sig*E[t-1]-g*I[t-1] for t in 1..T\n"
        "R[t]=R[t-1]+g*I[t-1] for t in 1..T\n"
        "C = R[T]**2 + sum(n[t]*log(n[t]) for t in 1..T)"
    ),
    "chemical kinetics": (
        "K: (s, r)\n"
        "c0: (s,)\n"
        "k: (r,)\n"
        "A: (r, s)\n"
        "c[0] = c0\n"
        "c[n] = c[n-1] + h*(K @ (k*exp(A @ log(c[n-1])))) for n in 1..N\n"
        "C = sum((c[N] - y)**2)\n"
        "y: (s,)"
    ),
    "volatility": (
        "r[t]: ()\n"
        "s[0] = s0\n"
        "s[t] = w + a*r[t-1]**2 + b*s[t-1] for t in 1..T\n"
        "C = 1/2*sum(log(s[t]) + r[t]**2/s[t] for t in 1..T)"
    ),
    "price of a bond": (
        "P[0] = 0*r1\n"
        "D[0] = 1.0\n"
        "D[k] = D[k-1]/(1 + r[k]) for k in 1..n\n"
        "P[k] = P[k-1] + c*D[k] for k in 1..n\n"
        "C = (P[n] + F*D[n] - price)**2 + r1*0"
    ),
    "biquad filter": (
        "x: (T,)\n"
        "y: (T,)\n"
        "z[0] = b0*x[0]\n"
        "z[1] = b0*x[1] + b1*x[0] - a1*z[0]\n"
        "z[t] = b0*x[t] + b1*x[t-1] + b2*x[t-2] - a1*z[t-1] - a2*z[t-2] for t in 2..T-1\n"
        "C = sum((z[t] - y[t])**2 for t in 0..T-1)"
    ),
    "alpha-beta filter": (
        "y[t]: ()\n"
        "x[0] = x0\n"
        "v[0] = v0\n"
        "e[t] = y[t] - (x[t-1] + h*v[t-1]) for t in 1..T\n"
        "x[t] = x[t-1] + h*v[t-1] + al*e[t] for t in 1..T\n"
        "v[t] = v[t-1] + be/h*e[t] for t in 1..T\n"
        "C = sum(e[t]**2 for t in 1..T)"
    ),
    "least mean squares": (
        "X: (T, n)\n"
        "y: (T,)\n"
        "w[0] = zeros(n)\n"
        "w[t] = w[t-1] + mu*(y[t-1] - dot(w[t-1], X[t-1]))*X[t-1] for t in 1..T\n"
        "C = sum((y[t-1] - dot(w[t-1], X[t-1]))**2 for t in 1..T)"
    ),
    "recursive least squares": (
        "X: (T, n)\n"
        "y: (T,)\n"
        "P0: (n, n)\n"
        "P[0] = P0\n"
        "w[0] = zeros(n)\n"
        "k[t] = P[t-1] @ X[t-1]/(lam + X[t-1] @ P[t-1] @ X[t-1]) for t in 1..T\n"
        "w[t] = w[t-1] + k[t]*(y[t-1] - dot(w[t-1], X[t-1])) for t in 1..T\n"
        "P[t] = (P[t-1] - outer(k[t], X[t-1]) @ P[t-1])/lam for t in 1..T\n"
        "C = sum(w[T]**2)"
    ),
    "soft decoder": (
        "E: (v, d)\n"
        "W: (d, d)\n"
        "U: (v, d)\n"
        "h0: (d,)\n"
        "h[0] = h0\n"
        "p[0] = softmax(U @ h0)\n"
        "h[t] = tanh(W @ h[t-1] + E.T @ p[t-1]) for t in 1..T\n"
        "p[t] = softmax(U @ h[t]) for t in 1..T\n"
        "C = -sum(log(p[t][0]) for t in 1..T)"
    ),
    "second differences": (
        "f[i]: ()\n"
        "C = sum((f[i+1] - 2*f[i] + f[i-1])**2 for i in 1..n-1) + lam*sum((f[i] - y[i])**2 for i in 0..n)"
    ),
    "markov": (
        "P: (k, k)\n"
        "p0: (k,)\n"
        "r: (k,)\n"
        "p[0] = p0\n"
        "p[t] = P.T @ p[t-1] for t in 1..T\n"
        "C = sum(g**t*dot(p[t], r) for t in 0..T)"
    ),
    "momentum": (
        "A: (n, n)\n"
        "b: (n,)\n"
        "w0: (n,)\n"
        "w[0] = w0\n"
        "v[0] = zeros(n)\n"
        "v[t] = mu*v[t-1] - eta*(A @ w[t-1] - b) for t in 1..T\n"
        "w[t] = w[t-1] + v[t] for t in 1..T\n"
        "C = 1/2*w[T] @ A @ w[T] - dot(b, w[T])"
    ),
    "adam": (
        "A: (n, n)\n"
        "b: (n,)\n"
        "w0: (n,)\n"
        "w[0] = w0\n"
        "m[0] = zeros(n)\n"
        "s[0] = zeros(n)\n"
        "g[t] = A.T @ (A @ w[t-1] - b) for t in 1..T\n"
        "m[t] = b1*m[t-1] + (1-b1)*g[t] for t in 1..T\n"
        "s[t] = b2*s[t-1] + (1-b2)*g[t]**2 for t in 1..T\n"
        "w[t] = w[t-1] - eta*(m[t]/(1-b1**t))/(sqrt(s[t]/(1-b2**t)) + ep) for t in 1..T\n"
        "C = sum((A @ w[T] - b)**2)"
    ),
    "nesterov": (
        "A: (n, n)\n"
        "b: (n,)\n"
        "x[0] = zeros(n)\n"
        "x[1] = zeros(n)\n"
        "x[t] = x[t-1] + mu*(x[t-1] - x[t-2]) - eta*(A.T @ (A @ (x[t-1] + mu*(x[t-1] - x[t-2])) - b)) for t in 2..T\n"
        "C = sum((A @ x[T] - b)**2)"
    ),
    "repeated transform": (
        "x: (n,)\n"
        "H: (n, n)\n"
        "c[0] = x\n"
        "c[j] = H @ c[j-1] for j in 1..J\n"
        "C = sum(sum(abs(c[j])) for j in 1..J)"
    ),
    "Adams and Bashforth": (
        "f0 = -k*y0**3\n"
        "y[0] = y0\n"
        "y[1] = y0 + h*f0\n"
        "y[n] = y[n-1] + h*(3/2*(-k*y[n-1]**3 + sin((n-1)*h)) - 1/2*(-k*y[n-2]**3 + sin((n-2)*h))) for n in 2..N\n"
        "C = (y[N] - d)**2"
    ),
    "backward differentiation": (
        "y[0]=a\n"
        "y[1]=a/(1+h*k)\n"
        "y[n] = (4*y[n-1] - y[n-2])/(3 + 2*h*k) for n in 2..N\n"
        "C = sum(y[n]**2 for n in 0..N)"
    ),
    "verlet": (
        "x0: (d,)\n"
        "v0: (d,)\n"
        "K: (d, d)\n"
        "x[0] = x0\n"
        "x[1] = x0 + h*v0 - h**2/2*(K @ x0)\n"
        "x[n] = 2*x[n-1] - x[n-2] - h**2*(K @ x[n-1]) for n in 2..N\n"
        "C = 1/2*sum(x[N]**2)"
    ),
    "soft alignment": (
        "D: (T, m)\n"
        "s: (m,)\n"
        "a[0] = D[0]\n"
        "a[t] = D[t] - ga*log(exp(-a[t-1]/ga) + exp(-(Q @ a[t-1])/ga)) for t in 1..T-1\n"
        "Q: (m, m)\n"
        "C = -ga*logsumexp(-a[T-1]/ga)"
    ),
    "temporal classification": (
        "L: (T, m)\n"
        "S: (m, m)\n"
        "S2: (m, m)\n"
        "al[0] = L[0]\n"
        "al[t] = L[t] + logsumexp(stack([al[t-1], S @ al[t-1], S2 @ al[t-1]]), axis=0) for t in 1..T-1\n"
        "C = -logsumexp(al[T-1][-2:])"
    ),
    "tridiagonal solver": (
        "a[i]: ()\n"
        "b[i]: ()\n"
        "c[i]: ()\n"
        "d[i]: ()\n"
        "cp[1] = c[1]/b[1]\n"
        "dp[1] = d[1]/b[1]\n"
        "cp[i] = c[i]/(b[i] - a[i]*cp[i-1]) for i in 2..n\n"
        "dp[i] = (d[i] - a[i]*dp[i-1])/(b[i] - a[i]*cp[i-1]) for i in 2..n\n"
        "x[0] = dp[n]\n"
        "x[j] = dp[n-j] - cp[n-j]*x[j-1] for j in 1..n-1\n"
        "C = sum(x[j]**2 for j in 0..n-1)"
    ),
    "continued fraction": (
        "f[0] = 1.0*z\n"
        "f[k] = b[k] + a[k]/f[k-1] for k in 1..n\n"
        "C = log(f[n])"
    ),
    "clenshaw": (
        "c[k]: ()\n"
        "B[0] = c[n]\n"
        "B[1] = c[n-1] + 2*x*c[n]\n"
        "B[k] = c[n-k] + 2*x*B[k-1] - B[k-2] for k in 2..n-1\n"
        "C = c[0] + x*B[n-1] - B[n-2]"
    ),
    "legendre": (
        "P[0] = 1.0\n"
        "P[1] = x\n"
        "P[n] = ((2*n - 1)*x*P[n-1] - (n - 1)*P[n-2])/n for n in 2..N\n"
        "C = sum(w[n]*P[n] for n in 0..N)**2"
    ),
    "attention decay": (
        "q[t]: (d,)\n"
        "k[t]: (d,)\n"
        "v[t]: (m,)\n"
        "S[0] = zeros((m, d))\n"
        "S[t] = lam*S[t-1] + outer(v[t], k[t]) for t in 1..T\n"
        "o[t] = S[t] @ q[t] for t in 1..T\n"
        "C = sum(sum(o[t]**2) for t in 1..T)"
    ),
    "diagonal state space": (
        "A: (n,)\n"
        "B: (n,)\n"
        "D: (n,)\n"
        "u: (T,)\n"
        "h[0] = zeros(n)\n"
        "h[t] = exp(-exp(A)*dt)*h[t-1] + B*u[t-1] for t in 1..T\n"
        "C = sum((dot(D, h[t]) - u[t-1])**2 for t in 1..T)"
    ),
    "leaky network": (
        "W: (n, n)\n"
        "V: (n,)\n"
        "x[t]: ()\n"
        "h[0] = zeros(n)\n"
        "h[t] = (1 - al)*h[t-1] + al*tanh(W @ h[t-1] + V*x[t]) for t in 1..T\n"
        "C = sum((dot(R, h[t]) - x[t])**2 for t in 1..T)\n"
        "R: (n,)"
    ),
    "highway": (
        "W[l]: (n, n)\n"
        "G[l]: (n, n)\n"
        "x: (n,)\n"
        "h[0] = x\n"
        "g[l] = sigmoid(G[l] @ h[l-1]) for l in 1..L\n"
        "h[l] = g[l]*tanh(W[l] @ h[l-1]) + (1 - g[l])*h[l-1] for l in 1..L\n"
        "C = sum(h[L]**2)"
    ),
    "logistic map": (
        "x[0] = x0\n"
        "x[t] = r*x[t-1]*(1 - x[t-1]) for t in 1..T\n"
        "C = sum(log(abs(r*(1 - 2*x[t-1]))) for t in 1..T)/T"
    ),
    "newton sqrt": (
        "x[0] = a\n"
        "x[k] = (x[k-1] + a/x[k-1])/2 for k in 1..K\n"
        "C = x[K]**2 - b*x[K]"
    ),
    "power iteration": (
        "A: (n, n)\n"
        "v0: (n,)\n"
        "v[0] = v0\n"
        "v[k] = A @ v[k-1]/norm(A @ v[k-1]) for k in 1..K\n"
        "C = v[K] @ A @ v[K]"
    ),
    "sinkhorn": (
        "M: (n, m)\n"
        "a: (n,)\n"
        "b: (m,)\n"
        "v[0] = ones(m)\n"
        "u[k] = a/(M @ v[k-1]) for k in 1..K\n"
        "v[k] = b/(M.T @ u[k]) for k in 1..K\n"
        "C = sum(u[K][:, None]*M*v[K]*log(M))"
    ),
    "expectation maximisation": (
        "x: (N,)\n"
        "m[0] = m0\n"
        "m[k] = sum(x*sigmoid(x*m[k-1]))/sum(sigmoid(x*m[k-1])) for k in 1..K\n"
        "C = (m[K] - y)**2"
    ),
    "pid": (
        "r[t]: ()\n"
        "x[0]=0*kp\n"
        "I[0]=0*kp\n"
        "e[0]=0*kp\n"
        "e[t] = r[t] - x[t-1] for t in 1..T\n"
        "I[t] = I[t-1] + h*e[t] for t in 1..T\n"
        "u[t] = kp*e[t] + ki*I[t] + kd*(e[t] - e[t-1])/h for t in 1..T\n"
        "x[t] = x[t-1] + h*(u[t] - c*x[t-1]**3) for t in 1..T\n"
        "C = sum(e[t]**2 for t in 1..T)"
    ),
    "ar likelihood": (
        "y: (T,)\n"
        "C = sum((y[t] - p1*y[t-1] - p2*y[t-2] - p3*y[t-3])**2 for t in 3..T-1)/(2*s) + (T - 3)/2*log(s)"
    ),
    "implicit heat": (
        "u0: (n,)\n"
        "A: (n, n)\n"
        "u[0] = u0\n"
        "u[k] = inv(eye(n) + h*A) @ u[k-1] for k in 1..K\n"
        "C = sum((u[K] - y)**2)\n"
        "y: (n,)"
    ),
    "heat on a line": (
        "u0: (n,)\n"
        "u[0] = u0\n"
        "u[k] = u[k-1] + c*concat([zeros(1), u[k-1][2:] - 2*u[k-1][1:-1] + u[k-1][:-2], zeros(1)]) for k in 1..K\n"
        "C = sum(u[K]**2)"
    ),
    "gravity leap": (
        "x0: (d,)\n"
        "v0: (d,)\n"
        "x[0] = x0\n"
        "v[0] = v0\n"
        "x[n] = x[n-1] + h*v[n-1] for n in 1..N\n"
        "v[n] = v[n-1] - h*G*x[n]/norm(x[n])**3 for n in 1..N\n"
        "C = 1/2*sum(v[N]**2) - G/norm(x[N])"
    ),
    "discount": (
        "r[t]: ()\n"
        "G[0] = 0*g\n"
        "G[k] = r[T-k+1] + g*G[k-1] for k in 1..T\n"
        "C = G[T]**2"
    ),
    "advantages": (
        "r[t]: ()\n"
        "V[t]: ()\n"
        "A[0] = 0*g\n"
        "A[k] = r[T-k] + g*V[T-k+1] - V[T-k] + g*lam*A[k-1] for k in 1..T\n"
        "C = sum(A[k]**2 for k in 1..T)"
    ),
}
