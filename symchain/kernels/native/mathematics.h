/* Elementary functions without branches or tables, so that a compiler vectorises loops over them.

   Each is worked out here from its series: exp(x) = 2^n*exp(r) with |r| <= log(2)/2, log(x) = n*log(2) + 2*artanh(f/(2 + f)).
   Products are fused with sums only where it is written (m_fma): a*b - a*b stays zero elsewhere. */
#include <math.h>
#include <string.h>

#define f_pi 3.141592653589793
#define f_e 2.718281828459045
#define f_inf INFINITY
#define f_nan NAN
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define m_fma(a, b, c) __builtin_fma(a, b, c)
#else
#define m_fma(a, b, c) ((a)*(b) + (c))
#endif
#define m_inline static inline __attribute__((always_inline, unused))
#define m_apart static __attribute__((noinline, unused))

m_inline double m_from(unsigned long long bits) { double x; memcpy(&x, &bits, 8); return x; }
m_inline unsigned long long m_bits(double x) { unsigned long long bits; memcpy(&bits, &x, 8); return bits; }

static const double m_round = 0x1.8p52;   /* a sum with it is rounded to an integer, which stands in its last bits */

typedef struct { double r, p, n; } m_exponential;   /* exp(x) = (1 + r + p)*2^n, |r| <= log(2)/2 */

m_inline m_exponential m_expand(double x) {
  double n = m_fma(x, 1.4426950408889634, m_round) - m_round;
  double r = m_fma(n, -0x1.62e42feep-1, x);
  r = m_fma(n, -0x1.a39ef35793c76p-33, r);
  double s = r*r, s2 = s*s;   /* (exp(r) - 1 - r)/r^2 by its Chebyshev polynomial of degree 9, good to 2^-57 */
  double a = m_fma(r, 0.16666666666666669, 0.5000000000000001), b = m_fma(r, 0.008333333333330062, 0.04166666666662413);
  double c = m_fma(r, 0.00019841269863053618, 0.0013888888917213717), d = m_fma(r, 2.7557268459997064e-06, 2.4801521295954376e-05);
  double e = m_fma(r, 2.510038549551032e-08, 2.7620088445409746e-07);
  m_exponential found = {r, s*m_fma(s2, m_fma(s2, e, m_fma(s, d, c)), m_fma(s, b, a)), n};
  return found;
}

m_inline double m_power_of_two(double n) { return m_from((m_bits(n + m_round) + 1023) << 52); }

m_inline double i_exp(double x) {   /* two powers of two, neither of which leaves the range of floats */
  double y = x > 710.0 ? 710.0 : x;
  y = y < -750.0 ? -750.0 : y;
  m_exponential e = m_expand(y);
  double half = m_fma(e.n, 0.5, m_round) - m_round;
  return (1.0 + (e.r + e.p))*m_power_of_two(half)*m_power_of_two(e.n - half);
}

/* exp(x) for x <= 0. */
m_inline double m_exp_down(double x) {
  m_exponential e = m_expand(x < -746.0 ? -746.0 : x);
  return (1.0 + (e.r + e.p))*m_power_of_two(e.n + 60.0)*0x1p-60;
}

/* h = exp(-|x|) and m = h - 1, both to their last bits: tanh(|x|) = -(m*m + 2*m)/(1 + h*h), 1/cosh(x) = 2*h/(1 + h*h). */
m_inline double i_tanh_sech(double x, double *sech) {
  double y = -fabs(x);
  m_exponential e = m_expand(y < -746.0 ? -746.0 : y);
  double up = m_power_of_two(e.n + 60.0), s = up*0x1p-60;
  double m = m_fma(s, e.r, s - 1.0) + s*e.p;
  double h = (1.0 + (e.r + e.p))*up*0x1p-60;
  double d = m_fma(h, h, 1.0);
  *sech = 2.0*h/d;
  return copysign(m_fma(m, m, 2.0*m)/d, x);
}
m_inline double i_tanh(double x) { double unused; return i_tanh_sech(x, &unused); }
m_inline double i_sech(double x) { double sech; (void)i_tanh_sech(x, &sech); return sech; }

/* 1/(1 + exp(-x)), and the same of -x. */
m_inline double i_sigmoids(double x, double *other) {
  double e = m_exp_down(-fabs(x));
  double large = 1.0/(1.0 + e), small = e*large;
  int below = (long long)m_bits(x) < 0;   /* which is the sign that vectors are blended by */
  *other = below ? large : small;
  return below ? small : large;
}
m_inline double i_sigmoid(double x) {
  double e = m_exp_down(-fabs(x));
  return (x >= 0.0 ? 1.0 : e)/(1.0 + e);
}

m_inline double i_log(double x) {
  double y = x < 0x1p-1022 ? x*0x1p54 : x;
  unsigned long long bits = m_bits(y) + (0x3ff0000000000000ULL - 0x3fe6a09e00000000ULL);
  double n = m_from((bits >> 52) | 0x4330000000000000ULL) - (0x1p52 + 1023.0) - (x < 0x1p-1022 ? 54.0 : 0.0);
  double f = m_from((bits & 0xfffffffffffffULL) + 0x3fe6a09e00000000ULL) - 1.0;
  double s = f/(2.0 + f), z = s*s, z2 = z*z, z4 = z2*z2;
  double a = m_fma(z, 2.0/5, 2.0/3), b = m_fma(z, 2.0/9, 2.0/7), c = m_fma(z, 2.0/13, 2.0/11), d = m_fma(z, 2.0/17, 2.0/15);
  double e = m_fma(z, 2.0/21, 2.0/19);
  double series = z*m_fma(z4, m_fma(z4, e, m_fma(z2, d, c)), m_fma(z2, b, a));
  double square = 0.5*f*f;
  double small = s*(square + series) + n*0x1.a39ef35793c76p-33 - square;
  double value = n*0x1.62e42feep-1 + (f + small);
  value = x > 0.0 ? value : x == 0.0 ? -f_inf : f_nan;
  return x <= 1.7976931348623157e308 ? value : x;
}
m_inline double i_log1p(double x) {
  double u = 1.0 + x, lost = x - (u - 1.0);
  double value = i_log(u) + lost/u;
  return x > -1.0 && x <= 1.7976931348623157e308 ? (x == 0.0 ? x : value) : i_log(u);
}
m_inline double i_expm1(double x) {
  double y = x > 710.0 ? 710.0 : x;
  y = y < -750.0 ? -750.0 : y;
  m_exponential e = m_expand(y);
  double n = e.n > 1000.0 ? 1000.0 : e.n < -1000.0 ? -1000.0 : e.n, s = m_power_of_two(n);
  double near = m_fma(s, e.r, s - 1.0) + s*e.p, far = (1.0 + (e.r + e.p))*s*m_power_of_two(e.n - n);
  return y < 100.0 ? (x == 0.0 ? x : near) : far;
}

/* What single numbers need: calls keep the code small. */
m_apart double f_exp(double x) { return i_exp(x); }
m_apart double f_tanh_sech(double x, double *sech) { return i_tanh_sech(x, sech); }
m_apart double f_tanh(double x) { return i_tanh(x); }
m_apart double f_sech(double x) { return i_sech(x); }
m_apart double f_sigmoids(double x, double *other) { return i_sigmoids(x, other); }
m_apart double f_sigmoid(double x) { return i_sigmoid(x); }

m_inline double f_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
m_inline double f_maximum(double x, double y) { return x > y || x != x ? x : y; }
m_inline double f_minimum(double x, double y) { return x < y || x != x ? x : y; }

/* Both are worked out, as over arrays: no load depends on the condition. */
m_inline double m_choose(int condition, double x, double y) {
  unsigned long long mask = -(unsigned long long)(condition != 0);
  return m_from((m_bits(x) & mask) | (m_bits(y) & ~mask));
}

/* Eight partial sums, for their digits and for vectors. */
m_inline double m_sum(const double *x, long n) {
  double p[8] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
  long i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++) p[j] += x[i + j];
  for (; i < n; i++) p[0] += x[i];
  return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

/* x + y; what is rounded off is added to the rest. */
m_inline double m_plus(double x, double y, double *rest) {
  double sum = x + y, part = sum - x;
  *rest += (x - (sum - part)) + (y - part);
  return sum;
}

m_inline double m_total(double x, double rest) { return fabs(x) < f_inf ? x + rest : x; }

m_inline long m_least(long a, long b) { return a < b ? a : b; }
m_inline int f_fits(double x) { return fabs(x) > 1e-140 && fabs(x) < 1e140; }

/* The series c[0]*x^first + c[1]*x^(first + step) + ... where 0 < |x| < radius, the value elsewhere. */
m_inline double f_near_zero(double value, double x, double radius, int first, int step, int count, const double *c) {
  double power = step == 2 ? x*x : x, total = c[count - 1];
  for (int k = count - 2; k >= 0; k--) total = total*power + c[k];
  for (int k = 0; k < first; k++) total = total*x;
  for (int k = 0; k < -first; k++) total = total/x;
  return fabs(x) < radius && x != 0.0 ? total : value;
}

/* c = a @ b by the dgemm of BLAS; a and b may be stored transposed. Its arrays are in columns: it works out the transpose of c. */
typedef void (*m_dgemm)(char *, char *, int *, int *, int *, double *, double *, int *, double *, int *, double *, double *, int *);

m_inline int m_small(long n) { return n < 2147483647; }

m_apart void m_gemm(void *dgemm, int turned_a, int turned_b, long m, long n, long k, const double *a, long wide_a, const double *b,
                    long wide_b, double *c) {
  int rows = (int)n, columns = (int)m, inner = (int)k, first = (int)wide_b, second = (int)wide_a;
  char one[2] = {turned_b ? 'T' : 'N', 0}, two[2] = {turned_a ? 'T' : 'N', 0};
  double unit = 1.0, nothing = 0.0;
  ((m_dgemm)dgemm)(one, two, &rows, &columns, &inner, &unit, (double *)b, &first, (double *)a, &second, &nothing, c, &rows);
}
