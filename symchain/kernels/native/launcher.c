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

static PyObject *new_dictionary(Kernel *k, int group) {
  PyObject *found = PyDict_New();
  if (!found) return NULL;
  for (Py_ssize_t n = 0; n < k->outputs; n++) {
    if (k->group[n] != group) continue;
    PyObject *number = PyFloat_FromDouble(k->r[n]);
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
static int written_again(Kernel *k, int group, int which) {
  PyObject *dict = k->kept[group][which], **number = k->number[group][which];
  if (UNCHANGED(dict, k->version[group][which])) {
    Py_ssize_t n = 0, place = 0;
    for (; n < k->outputs; n++) {
      if (k->group[n] != group) continue;
      if (Py_REFCNT(number[place]) != 1) break;
      ((PyFloatObject *)number[place++])->ob_fval = k->r[n];
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
      ((PyFloatObject *)value)->ob_fval = k->r[n];
      number[count++] = value;
      continue;
    }
    PyObject *fresh = PyFloat_FromDouble(k->r[n]);
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

static PyObject *dictionary(Kernel *k, int group) {
  PyObject **kept = k->kept[group];
  for (int n = 0; n < KEPT; n++)
    if (kept[n] && Py_REFCNT(kept[n]) == 1 && written_again(k, group, n)) return Py_NewRef(kept[n]);
  PyObject *found = new_dictionary(k, group);
  if (!found) return NULL;
  int n = k->oldest[group];
  PyObject *old = kept[n];
  kept[n] = Py_NewRef(found);
  k->version[group][n] = 0;
  k->oldest[group] = (n + 1)%KEPT;
  Py_XDECREF(old);
  return found;
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
  PyObject *value = PyFloat_FromDouble(k->r[0]);
  if (!value || !k->groups) return value;
  PyObject *result = PyTuple_New(1 + k->groups);
  if (!result) {
    Py_DECREF(value);
    return NULL;
  }
  PyTuple_SET_ITEM(result, 0, value);
  for (int g = 0; g < k->groups; g++) {
    PyObject *found = dictionary(k, g);
    if (!found) {
      Py_DECREF(result);
      return NULL;
    }
    PyTuple_SET_ITEM(result, 1 + g, found);
  }
  return result;
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

static PyMethodDef methods[] = {{"launcher", launcher, METH_VARARGS, "A callable for a compiled kernel."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "symchain_launcher", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_symchain_launcher(void) {
  type = (PyTypeObject *)PyType_FromSpec(&spec);
  return type ? PyModule_Create(&definition) : NULL;
}
