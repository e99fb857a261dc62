/* Walks loops: the compiled step of a stage, called for one index after the other; what steps send back is added where it belongs.

   A step is int f(sizes, x, r, room), as for any program of arrays. `x` holds `reads` addresses for each step. Without `to`, `r` holds
   `results` addresses for each step; with it, results go to `r` and are added to the arrays at `to`. `apart` is 0 where all steps have
   the same sizes. */
typedef int (*Step)(const long *, void **, void **, double *);

int walk(Step step, long count, const long *sizes, long letters, const long *lengths, long apart, long reads, void **x, long results,
         void **r, double **to, double *room) {
  for (long k = 0; k < count; k++) {
    if (!step(sizes + k * apart * letters, x + k * reads, to ? r : r + k * results, room)) return 0;
    for (long j = 0; to && j < results; j++) {
      double *sum = to[k * results + j];
      const double *term = (const double *)r[j];
      long n = lengths[k * apart * results + j];
      for (long i = 0; i < n; i++) sum[i] += term[i];
    }
  }
  return 1;
}
