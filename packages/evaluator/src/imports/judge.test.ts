import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeImport, type Verdict } from './judge.ts'

const cases: readonly [string, string, Verdict][] = [
  ['os', 'system', 'dangerous'],
  ['posix', 'system', 'dangerous'],
  ['subprocess', 'Popen', 'dangerous'],
  ['builtins', 'eval', 'dangerous'],
  ['__builtin__', 'getattr', 'dangerous'],
  ['builtins', 'set', 'known'],
  ['numpy', 'ndarray', 'known'],
  ['numpy._core.multiarray', '_reconstruct', 'known'],
  ['numpy.testing._private.utils', 'runstring', 'dangerous'],
  ['numpy', 'load', 'dangerous'],
  ['numpy', 'os.system', 'dangerous'],
  ['sklearn.ensemble._forest', 'RandomForestClassifier', 'known'],
  ['sklearn.svm._classes', 'SVC.__init__.__globals__', 'dangerous'],
  ['cloudpickle.cloudpickle', '_make_function', 'dangerous'],
  ['collections', 'OrderedDict', 'known'],
  ['functools', 'partial', 'known'],
  ['__main__', 'Preprocessor', 'unknown'],
  ['numpyy', 'ndarray', 'unknown'],
  ['hasOwnProperty', 'x', 'unknown'],
]

for (const [module, name, verdict] of cases) {
  test(`${module}.${name} is ${verdict}`, () => {
    const judged = judgeImport(module, name)
    assert.equal(judged.verdict, verdict)
    assert.equal(judged.reason !== undefined, verdict === 'dangerous')
  })
}
