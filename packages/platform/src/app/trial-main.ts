import { FairleadError } from '@fairlead/contract'
import { runtimeFor, tryWays, type Way } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { probesOf } from '../model/compiled/probes.ts'
import { encodeForm, storedForm } from '../model/compiled/stored.ts'
import { loadableOnnx } from '../model/onnx/loadable.ts'
import { modelRuntimes } from './model-worker.ts'
import type { TrialOutcome, TrialTask } from './trial.ts'

const runtimes = modelRuntimes()

async function run({ format, entry, bytes, reading, signature, rows }: TrialTask): Promise<TrialOutcome> {
  const form = storedForm(format, bytes, { file: entry, reading })
  const compiled = { format: FORM_FORMAT, bytes: encodeForm(form), signature }
  const ways: Way[] = [{ runtime: 'compiled', words: 'the compiled form', open: () => runtimeFor(runtimes, compiled).open(compiled) }]
  if (format === 'onnx') {
    const onnx = { format, bytes: loadableOnnx(bytes).bytes, signature }
    // first: the answers of the reference runtime count
    ways.unshift({ runtime: 'onnx', words: 'ONNX Runtime', open: () => runtimeFor(runtimes, onnx).open(onnx) })
  }
  return { kind: 'tried', choice: await tryWays({ signature, ways, probes: probesOf(form), rows }) }
}

process.once('message', (task: TrialTask) => {
  run(task)
    .catch((error: unknown): TrialOutcome => {
      const code = error instanceof FairleadError ? error.code : undefined
      return { kind: 'failed', code, detail: error instanceof Error ? error.message : String(error) }
    })
    .then((outcome) => process.send?.(outcome, () => process.disconnect()))
    .catch(() => process.exit(1))
})
