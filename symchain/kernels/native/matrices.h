/* Square matrices through LAPACK, and orders: what few kernels need. */

/* The routines of LAPACK know arrays in columns: they see the transpose of a matrix that is stored in rows. */
typedef void (*m_dpotrf)(char *, int *, double *, int *, int *);
typedef void (*m_dgetrf)(int *, int *, double *, int *, int *, int *);
typedef void (*m_dpotrs)(char *, int *, int *, double *, int *, double *, int *, int *);
typedef void (*m_dgetrs)(char *, int *, int *, double *, int *, int *, double *, int *, int *);
typedef void (*m_dtrtrs)(char *, char *, char *, int *, int *, double *, int *, double *, int *, int *);
typedef void (*m_dpotri)(char *, int *, double *, int *, int *);
typedef void (*m_dgetri)(int *, double *, int *, int *, double *, int *, int *);
typedef void (*m_dtrtri)(char *, char *, int *, double *, int *, int *);

/* What p[0] says of factors f. */
enum { m_pivots, m_roots, m_lower, m_upper };

/* f = the factors of a, p = how, and the pivots; 0 where a is singular, or not finite, or empty. */
m_apart int m_factor(void *potrf, void *getrf, long n, const double *a, double *f, int *p) {
  int size = (int)n, info = 0, symmetric = 1, lower = 1, upper = 1;
  double finite = 0.0;
  if (n < 1 || n > 30000) return 0;
  memcpy(f, a, n*n*sizeof(double));
  for (long i = 0; i < n*n; i++) finite += a[i]*0.0;
  if (finite != 0.0) return 0;
  for (long i = 0; i < n && (symmetric || lower || upper); i++) {
    symmetric &= a[i*n + i] > 0.0;
    for (long k = 0; k < i; k++) {
      symmetric &= a[i*n + k] == a[k*n + i];
      upper &= a[i*n + k] == 0.0;
      lower &= a[k*n + i] == 0.0;
    }
  }
  if (lower || upper) {
    p[0] = lower ? m_lower : m_upper;
    for (long i = 0; i < n; i++) info |= a[i*n + i] == 0.0;
    return !info;
  }
  if (symmetric) {
    char one[2] = "U";
    ((m_dpotrf)potrf)(one, &size, f, &size, &info);
    p[0] = m_roots;
    if (!info) return 1;
    memcpy(f, a, n*n*sizeof(double));
  }
  p[0] = m_pivots;
  ((m_dgetrf)getrf)(&size, &size, f, &size, p + 1, &info);
  return !info;
}

/* Solves a @ x = b, or a.T @ x = b, for each of m rows of b, in their place. */
m_apart int m_solve(void *potrs, void *getrs, void *trtrs, long n, long m, double *f, int *p, int turned, double *b) {
  int size = (int)n, many = (int)m, info = 0;
  char way[2] = {turned ? 'N' : 'T', 0}, part[2] = {p[0] == m_upper ? 'L' : 'U', 0}, unit[2] = "N";
  if (m < 1) return m == 0;
  if (p[0] == m_roots) ((m_dpotrs)potrs)(part, &size, &many, f, &size, b, &size, &info);
  else if (p[0] == m_pivots) ((m_dgetrs)getrs)(way, &size, &many, f, &size, p + 1, b, &size, &info);
  else ((m_dtrtrs)trtrs)(part, way, unit, &size, &many, f, &size, b, &size, &info);
  return !info;
}

/* c = the inverse; `work` has room for so many rows. */
m_apart int m_inverse(void *potri, void *getri, void *trtri, long n, const double *f, int *p, double *c, double *work, int rows) {
  int size = (int)n, info = 0, room = size*rows;
  char part[2] = {p[0] == m_upper ? 'L' : 'U', 0}, unit[2] = "N";
  memcpy(c, f, n*n*sizeof(double));
  if (p[0] == m_roots) {
    ((m_dpotri)potri)(part, &size, c, &size, &info);
    for (long i = 0; i < n; i++)
      for (long k = 0; k < i; k++) c[k*n + i] = c[i*n + k];
  } else if (p[0] == m_pivots) ((m_dgetri)getri)(&size, c, &size, p + 1, work, &room, &info);
  else ((m_dtrtri)trtri)(part, unit, &size, c, &size, &info);
  return !info;
}

m_apart double m_logdet(long n, const double *f, const int *p) {
  double total = 0.0;
  for (long i = 0; i < n; i++) total += log(fabs(f[i*n + i]));
  return p[0] == m_roots ? 2.0*total : total;
}

m_apart double m_det(long n, const double *f, const int *p) {
  double product = 1.0, sign = 1.0;
  int fits = 1;
  for (long i = 0; i < n; i++) {
    const double d = f[i*n + i];
    product *= p[0] == m_roots ? d*d : d;
    fits &= f_fits(product);
    if (d < 0.0) sign = -sign;
    if (p[0] == m_pivots && p[1 + i] != i + 1) {
      product = -product;
      sign = -sign;
    }
  }
  return fits ? product : sign*exp(m_logdet(n, f, p));
}

/* Whether the condition number of a, by Frobenius norms, is below a thousand. */
m_apart int m_well(long n, const double *a, const double *inverse) {
  double one = 0.0, two = 0.0;
  for (long i = 0; i < n*n; i++) {
    one += a[i]*a[i];
    two += inverse[i]*inverse[i];
  }
  return sqrt(one)*sqrt(two) < 1e3;
}

/* c = the lower factor of the symmetric part of a. */
m_apart int m_cholesky(void *potrf, long n, const double *a, double *c) {
  int size = (int)n, info = 0;
  char part[2] = "U";
  double finite = 0.0;
  if (n < 1 || n > 30000) return 0;
  for (long i = 0; i < n; i++)
    for (long k = 0; k < n; k++) {
      c[i*n + k] = k > i ? 0.0 : 0.5*(a[i*n + k] + a[k*n + i]);
      finite += c[i*n + k]*0.0;
    }
  if (finite != 0.0) return 0;
  ((m_dpotrf)potrf)(part, &size, c, &size, &info);
  return !info;
}

/* The order that sorts x, equal ones as they stand; 0 where x holds what is no number. Merges of runs twice as long each time. */
m_apart int m_order(long n, const double *x, long *order, long *spare) {
  for (long i = 0; i < n; i++) {
    if (x[i] != x[i]) return 0;
    order[i] = i;
  }
  long *from = order, *to = spare;
  for (long run = 1; run < n; run *= 2) {
    for (long start = 0; start < n; start += 2*run) {
      const long middle = m_least(start + run, n), end = m_least(start + 2*run, n);
      long i = start, j = middle;
      for (long k = start; k < end; k++) to[k] = i < middle && (j >= end || x[from[i]] <= x[from[j]]) ? from[i++] : from[j++];
    }
    long *last = from;
    from = to;
    to = last;
  }
  if (from != order) memcpy(order, from, n*sizeof(long));
  return 1;
}
