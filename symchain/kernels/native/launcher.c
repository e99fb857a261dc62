/* Calls compiled kernels from Python: floats by position in, a float or (value, {input: derivative}, ...) out.

   Compiled once for a Python; a kernel is the address of int f(const double *x, double *r), which says whether r may be trusted.
   What is not plain floats goes to `general`, what may not be trusted to `again`. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>
#if defined(__SSE2__)
#define LOST (1 | 4 | 8)   /* invalid, division by zero, overflow */
static unsigned flags(void) { return __builtin_ia32_stmxcsr() & LOST; }
static void clear_flags(void) { __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() & ~LOST); }
#else
#include <fenv.h>
#define LOST (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW)
static unsigned flags(void) { return (unsigned)fetestexcept(LOST); }
static void clear_flags(void) { feclearexcept(LOST); }
#endif

#define GROUPS 2
#define HERE 32     /* so many results are copied to the stack */
#define KEPT 2      /* dictionaries of a group that are used again once nobody else holds them: that of the last call, and one before */

/* Before 3.13 a dictionary has a number that changes with it: one that is as it was made need not be looked through. */
#if PY_VERSION_HEX < 0x030D0000
typedef uint64_t Version;
#define VERSION(dict) (((PyDictObject *)(dict))->ma_version_tag)
#define UNCHANGED(dict, version) (VERSION(dict) == (version))
#else
typedef int Version;
#define VERSION(dict) 0
#define UNCHANGED(dict, version) 0
#endif

typedef int (*Function)(const double *, double *);

typedef struct {
  PyObject_HEAD
  vectorcallfunc call;
  Function function;
  Py_ssize_t inputs, outputs;
  int groups;                       /* dictionaries beside the value */
  Py_ssize_t *group;                /* of each output, the dictionary it stands in; -1 for the value */
  PyObject *keys;                   /* of each output, its key */
  PyObject *general, *again;
  double *x, *r;
  PyObject *kept[GROUPS][KEPT];
  Version version[GROUPS][KEPT];
  PyObject **number[GROUPS][KEPT];  /* its numbers, in the order of the outputs */
  int oldest[GROUPS];
} Kernel;

static PyObject *new_dictionary(Kernel *k, const double *r, int group) {
  PyObject *found = PyDict_New();
  if (!found) return NULL;
  for (Py_ssize_t n = 0; n < k->outputs; n++) {
    if (k->group[n] != group) continue;
    PyObject *number = PyFloat_FromDouble(r[n]);
    if (!number || PyDict_SetItem(found, PyTuple_GET_ITEM(k->keys, n), number) < 0) {
      Py_XDECREF(number);
      Py_DECREF(found);
      return NULL;
    }
    Py_DECREF(number);
  }
  return found;
}

/* Writes the results into a dictionary that nobody else holds, and into those of its numbers that nobody else holds.
   0 where it is not as it was made: then it is not used. */
static int written_again(Kernel *k, const double *r, int group, int which) {
  PyObject *dict = k->kept[group][which], **number = k->number[group][which];
  if (UNCHANGED(dict, k->version[group][which])) {
    Py_ssize_t n = 0, place = 0;
    for (; n < k->outputs; n++) {
      if (k->group[n] != group) continue;
      if (Py_REFCNT(number[place]) != 1) break;
      ((PyFloatObject *)number[place++])->ob_fval = r[n];
    }
    if (n == k->outputs) return 1;
  }
  Py_ssize_t place = 0, n = -1, count = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &place, &key, &value)) {
    do n++;
    while (n < k->outputs && k->group[n] != group);
    if (n >= k->outputs || key != PyTuple_GET_ITEM(k->keys, n)) return 0;
    if (PyFloat_CheckExact(value) && Py_REFCNT(value) == 1) {
      ((PyFloatObject *)value)->ob_fval = r[n];
      number[count++] = value;
      continue;
    }
    PyObject *fresh = PyFloat_FromDouble(r[n]);
    if (!fresh || PyDict_SetItem(dict, key, fresh) < 0) {
      Py_XDECREF(fresh);
      PyErr_Clear();
      return 0;
    }
    number[count++] = fresh;
    Py_DECREF(fresh);
  }
  for (n++; n < k->outputs; n++)
    if (k->group[n] == group) return 0;
  k->version[group][which] = VERSION(dict);
  return 1;
}

static PyObject *dictionary(Kernel *k, const double *r, int group) {
  PyObject **kept = k->kept[group];
  for (int n = 0; n < KEPT; n++)
    if (kept[n] && Py_REFCNT(kept[n]) == 1 && written_again(k, r, group, n)) return Py_NewRef(kept[n]);
  PyObject *found = new_dictionary(k, r, group);
  if (!found) return NULL;
  int n = k->oldest[group];
  PyObject *old = kept[n];
  kept[n] = Py_NewRef(found);
  k->version[group][n] = 0;
  k->oldest[group] = (n + 1)%KEPT;
  Py_XDECREF(old);
  return found;
}

/* The results in the form of the plan. */
static PyObject *formed(Kernel *k, const double *r) {
  PyObject *value = PyFloat_FromDouble(r[0]);
  if (!value || !k->groups) return value;
  PyObject *result = PyTuple_New(1 + k->groups);
  if (!result) {
    Py_DECREF(value);
    return NULL;
  }
  PyTuple_SET_ITEM(result, 0, value);
  for (int g = 0; g < k->groups; g++) {
    PyObject *found = dictionary(k, r, g);
    if (!found) {
      Py_DECREF(result);
      return NULL;
    }
    PyTuple_SET_ITEM(result, 1 + g, found);
  }
  return result;
}

static PyObject *called(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names) {
  Kernel *k = (Kernel *)self;
  Py_ssize_t count = PyVectorcall_NARGS(nargsf);
  if (count != k->inputs || (names && PyTuple_GET_SIZE(names))) return PyObject_Vectorcall(k->general, args, nargsf, names);
  for (Py_ssize_t n = 0; n < count; n++) {
    if (!PyFloat_CheckExact(args[n])) return PyObject_Vectorcall(k->general, args, nargsf, NULL);
    k->x[n] = PyFloat_AS_DOUBLE(args[n]);
  }
  int trusted = k->function(k->x, k->r);
  if (trusted && flags()) {   /* perhaps from before */
    clear_flags();
    trusted = k->function(k->x, k->r) && !flags();
  }
  if (!trusted) return PyObject_Vectorcall(k->again, args, (size_t)count, NULL);
  if (k->outputs <= HERE) {   /* making objects may run other code, which may call this kernel */
    double r[HERE];
    memcpy(r, k->r, (size_t)k->outputs*sizeof(double));
    return formed(k, r);
  }
  double *r = PyMem_Malloc((size_t)k->outputs*sizeof(double));
  if (!r) return PyErr_NoMemory();
  memcpy(r, k->r, (size_t)k->outputs*sizeof(double));
  PyObject *found = formed(k, r);
  PyMem_Free(r);
  return found;
}

static int traverse(PyObject *self, visitproc visit, void *arg) {
  Kernel *k = (Kernel *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(k->keys);
  Py_VISIT(k->general);
  Py_VISIT(k->again);
  for (int n = 0; n < GROUPS*KEPT; n++) Py_VISIT(k->kept[n/KEPT][n%KEPT]);
  return 0;
}

static int clear(PyObject *self) {
  Kernel *k = (Kernel *)self;
  Py_CLEAR(k->keys);
  Py_CLEAR(k->general);
  Py_CLEAR(k->again);
  for (int n = 0; n < GROUPS*KEPT; n++) Py_CLEAR(k->kept[n/KEPT][n%KEPT]);
  return 0;
}

static void dealloc(PyObject *self) {
  Kernel *k = (Kernel *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  PyMem_Free(k->x);
  PyMem_Free(k->group);
  PyMem_Free(k->number[0][0]);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(Kernel, call), READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
static PyType_Slot slots[] = {
  {Py_tp_call, PyVectorcall_Call}, {Py_tp_members, members}, {Py_tp_traverse, traverse}, {Py_tp_clear, clear}, {Py_tp_dealloc, dealloc}, {0, NULL}};
static PyType_Spec spec = {
  "symchain_launcher.Kernel", sizeof(Kernel), 0,
  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
static PyTypeObject *type;

/* launcher(address, inputs, groups of the outputs, keys, number of groups, general, again) */
static PyObject *launcher(PyObject *module, PyObject *args) {
  unsigned long long address;
  Py_ssize_t inputs;
  PyObject *group, *keys, *general, *again;
  int groups;
  if (!PyArg_ParseTuple(args, "KnO!O!iOO", &address, &inputs, &PyTuple_Type, &group, &PyTuple_Type, &keys, &groups, &general, &again)) return NULL;
  Py_ssize_t outputs = PyTuple_GET_SIZE(keys);
  if (inputs < 0 || groups < 0 || groups > GROUPS || PyTuple_GET_SIZE(group) != outputs || !outputs) {
    PyErr_SetString(PyExc_ValueError, "not a kernel");
    return NULL;
  }
  Kernel *k = PyObject_GC_New(Kernel, type);
  if (!k) return NULL;
  k->call = called;
  k->function = (Function)(uintptr_t)address;
  k->inputs = inputs;
  k->outputs = outputs;
  k->groups = groups;
  k->x = NULL;
  k->keys = Py_NewRef(keys);
  k->general = Py_NewRef(general);
  k->again = Py_NewRef(again);
  memset(k->kept, 0, sizeof k->kept);
  memset(k->number, 0, sizeof k->number);
  memset(k->version, 0, sizeof k->version);
  memset(k->oldest, 0, sizeof k->oldest);
  k->group = PyMem_Calloc((size_t)outputs, sizeof(Py_ssize_t));
  PyObject **numbers = PyMem_Calloc((size_t)(outputs*GROUPS*KEPT), sizeof(PyObject *));
  for (int n = 0; n < GROUPS*KEPT; n++) k->number[n/KEPT][n%KEPT] = numbers ? numbers + n*outputs : NULL;
  k->x = PyMem_Calloc((size_t)(inputs + outputs + 1), sizeof(double));
  if (!k->group || !k->x || !numbers) {
    PyErr_NoMemory();
    Py_DECREF(k);
    return NULL;
  }
  k->r = k->x + inputs;
  for (Py_ssize_t n = 0; n < outputs; n++) {
    k->group[n] = PyLong_AsSsize_t(PyTuple_GET_ITEM(group, n));
    if (PyErr_Occurred()) {
      Py_DECREF(k);
      return NULL;
    }
  }
  PyObject_GC_Track((PyObject *)k);
  return (PyObject *)k;
}

/* ---------------------------------------------------------------- arrays

   int f(const long *sizes, const void *const *arguments, double *const *results, double *room). Sizes that are new are given to `prepare`,
   which checks them and returns the shapes of the results and the room to work in. */

typedef int (*Loops)(const long *, const void *const *, double *const *, double *);

typedef struct {
  PyObject_HEAD
  vectorcallfunc call;
  Loops function;
  Py_ssize_t inputs, outputs, letters;
  int groups;
  Py_ssize_t *group;
  long *rank;                       /* of each input */
  long *axes;                       /* one after the other: a size, or -1 - the number of its letter */
  long *sizes, *found;              /* those that shapes and room are for, and those of this call */
  double *numbers;
  const void **x;
  double **y;
  Py_buffer *views;
  Py_ssize_t open;                  /* how many of them are of arguments */
  PyObject *keys, *general, *prepare, *empty, *real, *array;
  PyObject *shapes, *room;
  Py_buffer space;
  int finite;                       /* whether results that are not finite go the general way */
  int busy;                         /* a call is under way: one that other code makes meanwhile goes the general way */
} Arrays;

static int bound(long *sizes, long axis, Py_ssize_t given) {
  if (axis >= 0) return axis == given;
  long *size = &sizes[-1 - axis];
  if (*size < 0) *size = (long)given;
  return *size == given;
}

/* 1 where all arguments are plain: floats, and contiguous arrays of float64 of the declared shapes. */
static int admitted(Arrays *k, PyObject *const *args, Py_ssize_t *open) {
  long *axes = k->axes;
  for (Py_ssize_t n = 0; n < k->letters; n++) k->found[n] = -1;
  for (Py_ssize_t n = 0; n < k->inputs; n++) {
    if (!k->rank[n]) {
      if (!PyFloat_CheckExact(args[n])) return 0;
      k->numbers[n] = PyFloat_AS_DOUBLE(args[n]);
      k->x[n] = &k->numbers[n];
      continue;
    }
    if ((PyObject *)Py_TYPE(args[n]) != k->array) return 0;
    Py_buffer *view = &k->views[*open];
    if (PyObject_GetBuffer(args[n], view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
      PyErr_Clear();
      return 0;
    }
    ++*open;
    if (view->ndim != k->rank[n] || !view->format || strcmp(view->format, "d") || (uintptr_t)view->buf%8) return 0;
    for (int d = 0; d < view->ndim; d++)
      if (!bound(k->found, axes[d], view->shape[d])) return 0;
    axes += k->rank[n];
    k->x[n] = view->buf;
  }
  for (Py_ssize_t n = 0; n < k->letters; n++)
    if (k->found[n] < 0) return 0;
  return 1;
}

static int prepared(Arrays *k) {
  if (k->shapes && !memcmp(k->sizes, k->found, (size_t)k->letters*sizeof(long))) return 1;
  PyObject *sizes = PyTuple_New(k->letters);
  if (!sizes) return 0;
  for (Py_ssize_t n = 0; n < k->letters; n++) PyTuple_SET_ITEM(sizes, n, PyLong_FromLong(k->found[n]));
  PyObject *found = PyObject_CallObject(k->prepare, sizes);
  Py_DECREF(sizes);
  if (!found) return 0;
  PyObject *shapes, *room;
  Py_buffer space;
  if (!PyArg_ParseTuple(found, "O!O", &PyTuple_Type, &shapes, &room) || PyTuple_GET_SIZE(shapes) != k->outputs
      || PyObject_GetBuffer(room, &space, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) < 0) {
    Py_DECREF(found);
    return 0;
  }
  if (k->shapes) PyBuffer_Release(&k->space);
  Py_XSETREF(k->shapes, Py_NewRef(shapes));
  Py_XSETREF(k->room, Py_NewRef(room));
  k->space = space;
  memcpy(k->sizes, k->found, (size_t)k->letters*sizeof(long));
  Py_DECREF(found);
  return 1;
}

static PyObject *formed_of_arrays(Arrays *k, PyObject **results) {
  if (!k->groups) return Py_NewRef(results[0]);
  PyObject *found = PyTuple_New(1 + k->groups);
  if (!found) return NULL;
  PyTuple_SET_ITEM(found, 0, Py_NewRef(results[0]));
  for (int g = 0; g < k->groups; g++) {
    PyObject *dict = PyDict_New();
    if (!dict) goto failed;
    PyTuple_SET_ITEM(found, 1 + g, dict);
    for (Py_ssize_t n = 0; n < k->outputs; n++)
      if (k->group[n] == g && PyDict_SetItem(dict, PyTuple_GET_ITEM(k->keys, n), results[n]) < 0) goto failed;
  }
  return found;
failed:
  Py_DECREF(found);
  return NULL;
}

static int all_finite(Arrays *k, PyObject **results) {
  Py_buffer *view = k->views + k->open;
  for (Py_ssize_t n = 0; n < k->outputs; n++) {
    Py_ssize_t count = results[n] ? (view++)->len/8 : 1;
    double lost = 0.0;
    for (Py_ssize_t i = 0; i < count; i++) lost += k->y[n][i]*0.0;
    if (lost != 0.0) return 0;
  }
  return 1;
}

static PyObject *called_with_arrays(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names) {
  Arrays *k = (Arrays *)self;
  Py_ssize_t count = PyVectorcall_NARGS(nargsf), open = 0, made = 0;
  PyObject *found = NULL, *results[64];
  int trusted = 0;
  if (k->busy || count != k->inputs || (names && PyTuple_GET_SIZE(names))) return PyObject_Vectorcall(k->general, args, nargsf, names);
  k->busy = 1;
  if (admitted(k, args, &open)) {
    if (!prepared(k)) goto done;
    k->open = open;
    for (; made < k->outputs; made++) {
      PyObject *shape = PyTuple_GET_ITEM(k->shapes, made);
      if (!PyTuple_GET_SIZE(shape)) {
        results[made] = NULL;
        k->y[made] = &k->numbers[k->inputs + made];
        continue;
      }
      Py_buffer *view = &k->views[open];
      results[made] = PyObject_CallOneArg(k->empty, shape);
      if (!results[made]) goto done;
      if (PyObject_GetBuffer(results[made], view, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) < 0) {
        made++;
        goto done;
      }
      open++;
      k->y[made] = view->buf;
    }
    trusted = k->function(k->found, k->x, k->y, k->space.buf) == 2 && (!k->finite || all_finite(k, results));
  }
  if (trusted) {
    for (Py_ssize_t n = 0; n < k->outputs; n++) {
      if (results[n]) continue;
      PyObject *number = PyFloat_FromDouble(k->numbers[k->inputs + n]);
      results[n] = number ? PyObject_CallOneArg(k->real, number) : NULL;
      Py_XDECREF(number);
      if (!results[n]) goto done;
    }
    found = formed_of_arrays(k, results);
  }
done:
  for (Py_ssize_t n = 0; n < open; n++) PyBuffer_Release(&k->views[n]);
  for (Py_ssize_t n = 0; n < made; n++) Py_XDECREF(results[n]);
  k->busy = 0;
  if (found || PyErr_Occurred()) return found;
  return PyObject_Vectorcall(k->general, args, (size_t)count, NULL);
}

static int traverse_arrays(PyObject *self, visitproc visit, void *arg) {
  Arrays *k = (Arrays *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(k->keys);
  Py_VISIT(k->general);
  Py_VISIT(k->prepare);
  return 0;
}

static int clear_arrays(PyObject *self) {
  Arrays *k = (Arrays *)self;
  if (k->shapes) PyBuffer_Release(&k->space);
  Py_CLEAR(k->shapes);
  Py_CLEAR(k->room);
  Py_CLEAR(k->keys);
  Py_CLEAR(k->general);
  Py_CLEAR(k->prepare);
  Py_CLEAR(k->empty);
  Py_CLEAR(k->real);
  Py_CLEAR(k->array);
  return 0;
}

static void dealloc_arrays(PyObject *self) {
  Arrays *k = (Arrays *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear_arrays(self);
  PyMem_Free(k->group);
  PyMem_Free(k->rank);
  PyMem_Free(k->numbers);
  PyMem_Free(k->x);
  PyMem_Free(k->views);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyMemberDef array_members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(Arrays, call), READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
static PyType_Slot array_slots[] = {
  {Py_tp_call, PyVectorcall_Call}, {Py_tp_members, array_members}, {Py_tp_traverse, traverse_arrays}, {Py_tp_clear, clear_arrays},
  {Py_tp_dealloc, dealloc_arrays}, {0, NULL}};
static PyType_Spec array_spec = {
  "symchain_launcher.Arrays", sizeof(Arrays), 0,
  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION, array_slots};
static PyTypeObject *array_type;

/* arrays(address, shapes of the inputs, number of letters, groups, keys, number of groups, finite, general, prepare, empty, float64, ndarray) */
static PyObject *arrays(PyObject *module, PyObject *args) {
  unsigned long long address;
  Py_ssize_t letters, axes = 0;
  PyObject *shapes, *group, *keys, *general, *prepare, *empty, *real, *array;
  int groups, finite;
  if (!PyArg_ParseTuple(args, "KO!nO!O!iiOOOOO", &address, &PyTuple_Type, &shapes, &letters, &PyTuple_Type, &group, &PyTuple_Type, &keys,
                        &groups, &finite, &general, &prepare, &empty, &real, &array)) return NULL;
  Py_ssize_t inputs = PyTuple_GET_SIZE(shapes), outputs = PyTuple_GET_SIZE(keys);
  if (groups < 0 || groups > GROUPS || PyTuple_GET_SIZE(group) != outputs || !outputs || outputs > 64 || letters < 0) {
    PyErr_SetString(PyExc_ValueError, "not a kernel");
    return NULL;
  }
  for (Py_ssize_t n = 0; n < inputs; n++) axes += PyTuple_Size(PyTuple_GET_ITEM(shapes, n));
  if (PyErr_Occurred()) return NULL;
  Arrays *k = PyObject_GC_New(Arrays, array_type);
  if (!k) return NULL;
  memset((char *)k + sizeof(PyObject), 0, sizeof(Arrays) - sizeof(PyObject));
  k->call = called_with_arrays;
  k->function = (Loops)(uintptr_t)address;
  k->inputs = inputs;
  k->outputs = outputs;
  k->letters = letters;
  k->finite = finite;
  k->groups = groups;
  k->keys = Py_NewRef(keys);
  k->general = Py_NewRef(general);
  k->prepare = Py_NewRef(prepare);
  k->empty = Py_NewRef(empty);
  k->real = Py_NewRef(real);
  k->array = Py_NewRef(array);
  k->group = PyMem_Calloc((size_t)outputs, sizeof(Py_ssize_t));
  k->rank = PyMem_Calloc((size_t)(inputs + axes + 2*letters + 1), sizeof(long));
  k->numbers = PyMem_Calloc((size_t)(inputs + outputs), sizeof(double));
  k->x = PyMem_Calloc((size_t)(inputs + outputs), sizeof(void *));
  k->views = PyMem_Calloc((size_t)(inputs + outputs), sizeof(Py_buffer));
  if (!k->group || !k->rank || !k->numbers || !k->x || !k->views) {
    PyErr_NoMemory();
    Py_DECREF(k);
    return NULL;
  }
  k->axes = k->rank + inputs;
  k->sizes = k->axes + axes;
  k->found = k->sizes + letters;
  k->y = (double **)(k->x + inputs);
  long *axis = k->axes;
  for (Py_ssize_t n = 0; n < inputs; n++) {
    PyObject *shape = PyTuple_GET_ITEM(shapes, n);
    k->rank[n] = (long)PyTuple_GET_SIZE(shape);
    for (Py_ssize_t d = 0; d < k->rank[n]; d++) *axis++ = PyLong_AsLong(PyTuple_GET_ITEM(shape, d));
  }
  for (Py_ssize_t n = 0; n < outputs; n++) k->group[n] = PyLong_AsSsize_t(PyTuple_GET_ITEM(group, n));
  PyObject_GC_Track((PyObject *)k);
  if (PyErr_Occurred()) {
    Py_DECREF(k);
    return NULL;
  }
  return (PyObject *)k;
}

static PyMethodDef methods[] = {
  {"launcher", launcher, METH_VARARGS, "A callable for a compiled kernel of single numbers."},
  {"arrays", arrays, METH_VARARGS, "A callable for a compiled kernel of arrays."},
  {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "symchain_launcher", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_symchain_launcher(void) {
  type = (PyTypeObject *)PyType_FromSpec(&spec);
  array_type = (PyTypeObject *)PyType_FromSpec(&array_spec);
  return type && array_type ? PyModule_Create(&definition) : NULL;
}
