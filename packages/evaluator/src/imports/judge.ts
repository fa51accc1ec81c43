/** What an import by a model file means to whoever loads it with its own library. */
export type Verdict = 'known' | 'unknown' | 'dangerous'

export interface Judgement {
  readonly verdict: Verdict
  /** Why, in words, for what is dangerous. */
  readonly reason?: string
}

/** Modules nothing of which belongs in a model: they reach the system, other programs, the network or the interpreter itself. */
const DANGEROUS: Readonly<Record<string, string>> = {
  ...reach(
    'runs programs or changes files',
    'os posix nt posixpath ntpath genericpath subprocess _posixsubprocess shutil pty commands popen2 tempfile glob pathlib fileinput',
  ),
  ...reach(
    'reaches the network',
    'socket _socket ssl urllib urllib2 http httplib ftplib smtplib telnetlib poplib imaplib xmlrpc socketserver requests aiohttp httpx webbrowser',
  ),
  ...reach('runs code', 'code codeop runpy pdb bdb timeit profile cProfile trace doctest idlelib lib2to3 distutils setuptools pip ensurepip venv'),
  ...reach(
    'reaches into the interpreter',
    'sys importlib imp pkgutil zipimport ctypes _ctypes cffi gc inspect signal faulthandler threading _thread multiprocessing concurrent asyncio types',
  ),
  ...reach('loads pickles or code', 'pickle _pickle cPickle dill shelve marshal jsonpickle'),
}

const BUILTINS = new Set(['builtins', '__builtin__', '__builtins__'])
const PLAIN_BUILTINS = words(
  'set frozenset list dict tuple int long float complex bool str unicode bytes bytearray slice range xrange object NoneType Ellipsis NotImplemented',
)

/** Names inside libraries that are known otherwise. */
const DANGEROUS_NAMES: Readonly<Record<string, string>> = {
  ...reach(
    'runs code',
    'numpy.testing._private.utils.runstring numpy.testing.utils.runstring numpy.distutils.exec_command.exec_command numpy.f2py.compile torch.jit.unsupported_tensor_ops.execWrapper torch.fx.graph_module.reduce_graph_module torch.fx.graph_module.reduce_package_graph_module pandas.eval pandas.core.computation.eval.eval',
  ),
  ...reach(
    'loads files',
    'numpy.load numpy.lib.npyio.load numpy.lib._npyio_impl.load numpy.fromfile numpy.memmap joblib.load joblib.numpy_pickle.load pandas.read_pickle pandas.io.pickle.read_pickle torch.load torch.serialization.load torch.hub.load skops.io.load',
  ),
  ...reach('loads a pickle inside the pickle', 'torch.storage._load_from_bytes'),
  ...reach('loads libraries', 'numpy.ctypeslib.load_library torch.ops.load_library torch.classes.load_library'),
  ...reach(
    'makes functions out of code in the file',
    'cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle._make_skel_func cloudpickle.cloudpickle._fill_function cloudpickle.cloudpickle._function_setstate cloudpickle.cloudpickle._builtin_type cloudpickle.cloudpickle.subimport cloudpickle.cloudpickle._make_skeleton_class cloudpickle.cloudpickle._class_setstate cloudpickle.cloudpickle_fast._make_function cloudpickle.cloudpickle_fast._function_setstate',
  ),
  ...reach(
    'calls whatever it is given',
    'operator.attrgetter operator.methodcaller _operator.attrgetter _operator.methodcaller functools.reduce itertools.starmap',
  ),
}

/** Libraries that models are made of, and plain parts of the language. */
const KNOWN = words(
  'numpy scipy sklearn pandas joblib xgboost lightgbm catboost torch torchvision tensorflow keras statsmodels skops pyarrow collections _codecs copyreg copy_reg datetime decimal fractions uuid operator _operator functools itertools zoneinfo pytz dateutil cloudpickle imblearn category_encoders _loss loss',
)

/** Judges what a file imports by its name alone; nothing is looked up. */
export function judgeImport(module: string, name: string): Judgement {
  const path = `${module}.${name}`.replace(/^(joblib|sklearn)\.externals\./, '')
  const named = DANGEROUS_NAMES[path]
  if (named !== undefined) return { verdict: 'dangerous', reason: named }
  if (BUILTINS.has(module)) return PLAIN_BUILTINS.has(name) ? { verdict: 'known' } : { verdict: 'dangerous', reason: 'a built-in that is no plain type' }
  const [root = ''] = module.split('.')
  const reason = Object.hasOwn(DANGEROUS, root) ? DANGEROUS[root] : undefined
  if (reason !== undefined) return { verdict: 'dangerous', reason }
  // A name may go through attributes of its module: `os.system` of `numpy.testing` is the system's.
  const inside = name.split('.').find((part) => Object.hasOwn(DANGEROUS, part) && !HARMLESS_PARTS.has(part))
  if (inside !== undefined) return { verdict: 'dangerous', reason: `reaches ${inside} through another module` }
  if (/^__\w+__$/.test(name.split('.').at(-1) ?? '')) return { verdict: 'dangerous', reason: 'reaches into the interpreter' }
  return { verdict: KNOWN.has(root) ? 'known' : 'unknown' }
}

/** Words that are modules of the system and also common names inside libraries. */
const HARMLESS_PARTS = words('code trace types profile')

function reach(reason: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, reason]))
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}
