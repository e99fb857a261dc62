// What Math has not: each function with the equation that is good where it is used. A function ends with a brace at the margin.

function f_sign(x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

function f_maximum(x, y) {
  return x > y || x !== x ? x : y;
}

function f_minimum(x, y) {
  return x < y || x !== x ? x : y;
}

function f_fmax(x, y) {
  return x !== x ? y : y !== y || x > y ? x : y;
}

function f_fmin(x, y) {
  return x !== x ? y : y !== y || x < y ? x : y;
}

function f_copysign(x, y) {
  const size = Math.abs(x);
  return y < 0 || Object.is(y, -0) ? -size : size;
}

function f_fmod(x, y) {
  return x % y;
}

function f_exp2(x) {
  return Math.pow(2, x);
}

function f_rint(x) {
  const below = Math.floor(x), rest = x - below;
  return rest < 0.5 ? below : rest > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
}

function f_sigmoid(x) {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

// By its series c0*x**first + c1*x**(first + step) + ... where 0 < |x| < radius: there the terms of the value cancel.
function f_near_zero(value, x, radius, first, step, coefficients) {
  if (!(Math.abs(x) < radius) || x === 0) return value;
  const power = step === 2 ? x * x : x;
  let total = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) total = total * power + coefficients[k];
  for (let k = 0; k < Math.abs(first); k++) total = first > 0 ? total * x : total / x;
  return total;
}

// A series of positive terms: erf(x) = 2*exp(-x^2)/sqrt(pi) * sum of 2^k x^(2k+1)/(2k+1)!!.
function f_erf(x) {
  if (x !== x) return x;
  if (Math.abs(x) > 2) return x > 0 ? 1 - f_erfc(x) : f_erfc(-x) - 1;
  let term = x, total = x;
  for (let k = 1; k < 80; k++) {
    term *= 2 * x * x / (2 * k + 1);
    total += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
}

function f_erfc(x) {
  return x < 1 ? (x < -2 ? 2 - f_erfc(-x) : 1 - f_erf(x)) : Math.exp(-x * x) * f_erfcx(x);
}

// exp(x^2)*erfc(x), by Laplace's continued fraction where x >= 1.
function f_erfcx(x) {
  if (!(x >= 1)) return Math.exp(x * x) * f_erfc(x);
  let t = x;
  for (let k = x > 5 ? 40 : 160; k > 0; k--) t = x + k / 2 / t;
  return 1 / (Math.sqrt(Math.PI) * t);
}

function f_log_ndtr(x) {
  return x < -1 ? -x * x / 2 + Math.log(f_erfcx(-x / Math.SQRT2) / 2) : Math.log1p(-f_erfc(x / Math.SQRT2) / 2);
}

// Newton's method on log(erfc(x)) = log(y).
function f_erfcinv(y) {
  if (!(y > 0 && y < 2)) return y === 0 ? Infinity : y === 2 ? -Infinity : NaN;
  if (y > 0.5 && y < 1.5) return f_erfinv(1 - y);
  if (y > 1) return -f_erfcinv(2 - y);
  let x = Math.sqrt(-Math.log(y));
  for (let k = 0; k < 40; k++) {
    const step = (Math.log(f_erfcx(x)) - x * x - Math.log(y)) * f_erfcx(x) * Math.sqrt(Math.PI) / 2;
    x += step;
    if (Math.abs(step) < 1e-16 * Math.abs(x)) break;
  }
  return x;
}

function f_erfinv(y) {
  if (Math.abs(y) > 0.5) return y > 0 ? f_erfcinv(1 - y) : -f_erfcinv(1 + y);
  let x = y * Math.sqrt(Math.PI) / 2;
  for (let k = 0; k < 12; k++) x -= (f_erf(x) - y) * Math.sqrt(Math.PI) / 2 * Math.exp(x * x);
  return x;
}

// Lanczos, with g = 7; whole numbers by their product.
function f_gamma(x) {
  if (x === Math.floor(x)) {
    if (x <= 0) return x === 0 ? 1 / x : NaN;
    if (x > 171) return Infinity;
    let product = 1;
    for (let k = 2; k < x; k++) product *= k;
    return product;
  }
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * f_gamma(1 - x));
  if (x > 171.7) return Infinity;
  if (x > 20) {
    let product = 1;
    while (x > 2) product *= --x;
    return product * f_gamma(x);
  }
  const c = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
    9.9843695780195716e-6, 1.5056327351493116e-7];
  let total = 0.99999999999980993;
  for (let k = 0; k < 8; k++) total += c[k] / (x + k);
  const t = x + 6.5;
  return Math.sqrt(2 * Math.PI) * Math.pow(t, x - 0.5) * Math.exp(-t) * total;
}

// Stirling's series from 12 on, to which smaller numbers are shifted.
function f_log_gamma(x) {
  if (x <= 0) return x === Math.floor(x) ? Infinity : Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - f_log_gamma(1 - x);
  let product = 1;
  while (x < 12) product *= x++;
  const c = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
  let total = 0;
  for (let k = 7; k >= 0; k--) total = total / (x * x) + c[k];
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + total / x - Math.log(product);
}

function f_psi(x) {
  if (x <= 0) return x === Math.floor(x) ? NaN : f_psi(1 - x) - Math.PI / Math.tan(Math.PI * x);
  let before = 0;
  while (x < 12) before -= 1 / x++;
  const c = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160];
  let total = 0;
  for (let k = 7; k >= 0; k--) total = total / (x * x) + c[k];
  return before + Math.log(x) - 1 / (2 * x) - total / (x * x);
}

// Hurwitz, by Euler and Maclaurin.
function f_zeta(s, q) {
  if (!(s > 1) || q <= 0 && q === Math.floor(q)) return s === 1 || q <= 0 ? Infinity : NaN;
  let total = 0;
  for (let k = 0; k < 16; k++) total += Math.pow(q + k, -s);
  const a = q + 16, numbers = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600];
  total += Math.pow(a, 1 - s) / (s - 1) + Math.pow(a, -s) / 2;
  let rising = s, power = Math.pow(a, -s - 1);
  for (let k = 0; k < numbers.length; k++) {
    total += numbers[k] * rising * power;
    rising *= (s + 2 * k + 1) * (s + 2 * k + 2);
    power /= a * a;
  }
  return total;
}

function f_gammainc(a, x) {
  if (x <= 0 || a <= 0) return x === 0 && a > 0 ? 0 : x > 0 && a === 0 ? 1 : NaN;
  if (x >= a + 1) return 1 - f_gammaincc(a, x);
  let term = 1 / a, total = term;
  for (let k = 1; k < 2000 && term > 1e-17 * total; k++) {
    term *= x / (a + k);
    total += term;
  }
  return total * Math.exp(a * Math.log(x) - x - f_log_gamma(a));
}

function f_gammaincc(a, x) {
  if (x < 0 || a <= 0) return x >= 0 && a === 0 ? 0 : NaN;
  if (x < a + 1) return 1 - f_gammainc(a, x);
  if (x === Infinity) return 0;
  let b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (let k = 1; k < 2000; k++) {
    const n = -k * (k - a);
    b += 2;
    d = 1 / (n * d + b || 1e-300);
    c = b + n / c || 1e-300;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h * Math.exp(a * Math.log(x) - x - f_log_gamma(a));
}

// The continued fraction of Lentz, on the side where it converges fast.
function f_betainc(a, b, x) {
  if (!(x >= 0 && x <= 1 && a > 0 && b > 0)) return NaN;
  if (x === 0 || x === 1) return x;
  if (x > (a + 1) / (a + b + 2)) return 1 - f_betainc(b, a, 1 - x);
  const front = Math.exp(f_log_gamma(a + b) - f_log_gamma(a) - f_log_gamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
  for (let m = 1; m < 1000; m++) {
    let n = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + n * d);
    c = 1 + n / c;
    h *= d * c;
    n = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + n * d);
    c = 1 + n / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * h;
}

function f_stdtr(n, t) {
  const beside = f_betainc(0.5, n / 2, t * t / (n + t * t)) / 2;
  return t > 0 ? 0.5 + beside : beside < 0.25 ? 0.5 - beside : f_betainc(n / 2, 0.5, n / (n + t * t)) / 2;
}

// Its series; Kummer's equation where the terms would alternate; the series in 1/x far to the left.
function f_hyp1f1(a, b, x) {
  if (x < -200 && a > 0 && b > a) {
    let term = 1, total = 0;
    for (let k = 0; k < 40; k++) {
      total += term;
      term *= (a + k) * (a - b + 1 + k) / (k + 1) / -x;
    }
    return Math.exp(f_log_gamma(b) - f_log_gamma(b - a)) * Math.pow(-x, -a) * total;
  }
  if (x < 0) return Math.exp(x) * f_hyp1f1(b - a, b, -x);
  let term = 1, total = 1;
  for (let k = 0; k < 3000; k++) {
    term *= (a + k) / (b + k) * x / (k + 1);
    total += term;
    if (Math.abs(term) < 1e-17 * Math.abs(total)) break;
  }
  return total;
}

// Halley's method, on the main branch.
function f_lambertw(x) {
  if (!(x >= -1 / Math.E)) return NaN;
  if (x === Infinity) return x;
  let w = x < 1 ? (x < -0.25 ? Math.sqrt(2 * (Math.E * x + 1)) - 1 : x / (1 + x)) : Math.log(x) - (x > 3 ? Math.log(Math.log(x)) : 0);
  for (let k = 0; k < 40; k++) {
    const e = Math.exp(w), f = w * e - x, step = f / (e * (w + 1) - (w + 2) * f / (2 * w + 2));
    if (!(Math.abs(step) > 0)) break;
    w -= step;
    if (Math.abs(step) < 1e-16 * Math.abs(w)) break;
  }
  return w;
}

function f_ellipk(m) {
  if (m > 1) return NaN;
  let a = 1, b = Math.sqrt(1 - m);
  for (let k = 0; k < 40 && Math.abs(a - b) > 1e-16 * a; k++) [a, b] = [(a + b) / 2, Math.sqrt(a * b)];
  return Math.PI / 2 / a;
}

function f_ellipe(m) {
  if (m >= 1) return m === 1 ? 1 : NaN;
  let a = 1, b = Math.sqrt(1 - m), total = m / 2, power = 1;
  for (let k = 0; k < 40 && Math.abs(a - b) > 1e-16 * a; k++) {
    const c = (a - b) / 2;
    [a, b] = [(a + b) / 2, Math.sqrt(a * b)];
    total += power * c * c;
    power *= 2;
  }
  return Math.PI / 2 / a * (1 - total);
}

function f_expn(n, x) {
  if (x < 0 || n < 0) return NaN;
  if (n === 0) return Math.exp(-x) / x;
  if (x === 0) return n > 1 ? 1 / (n - 1) : Infinity;
  if (x > 1) {
    let b = x + n, c = 1e300, d = 1 / b, h = d;
    for (let k = 1; k < 2000; k++) {
      const a = -k * (n - 1 + k);
      b += 2;
      d = 1 / (a * d + b);
      c = b + a / c;
      h *= c * d;
      if (Math.abs(c * d - 1) < 1e-16) break;
    }
    return h * Math.exp(-x);
  }
  let total = -0.57721566490153286 - Math.log(x), term = 1;
  for (let k = 1; k < 40; k++) {
    term *= -x / k;
    total -= term / k;
  }
  for (let k = 1; k < n; k++) total = (Math.exp(-x) - x * total) / k;
  return total;
}

function f_expi(x) {
  if (x < 0) return -f_expn(1, -x);
  let total = 0, term = 1;
  if (x > 40) {
    for (let k = 0; k < 40 && k < x; k++) {
      total += term;
      term *= (k + 1) / x;
    }
    return Math.exp(x) / x * total;
  }
  for (let k = 1; k < 200; k++) {
    term *= x / k;
    total += term / k;
  }
  return total + 0.57721566490153286 + Math.log(x);
}
