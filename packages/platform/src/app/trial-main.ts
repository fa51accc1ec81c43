import { FairleadError } from '@fairlead/contract'
import type { ModelCheck } from '@fairlead/contract/control'
import { machineSpeed } from '../adapters/compiled/index.ts'
import { checkModel, runtimeFor, type Session, tryWays, type Way } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { probesOf } from '../model/compiled/probes.ts'
import { encodeForm, storedForm } from '../model/compiled/stored.ts'
import { formWork } from '../model/compiled/work.ts'
import { loadableOnnx } from '../model/onnx/loadable.ts'
import { modelRuntimes } from './model-worker.ts'
import { servingCheck } from './serving-check.ts'
import type { TrialOutcome, TrialTask } from './trial.ts'

const runtimes = modelRuntimes()

type Form = ReturnType<typeof storedForm>

async function run(task: TrialTask): Promise<TrialOutcome> {
  const { format, signature, rows, example, golden, serving } = task
  const { ways, probes, work, problem } = preparedOf(task)
  // with one way and no form there is nothing to choose; whether it answers the same twice is to be known all the same
  const choice = work ? await tryWays({ signature, ways, probes, rows }) : undefined
  // whatever goes wrong with the rows that came along is no reason to refuse the model
  const also = serving && (async (session: Session) => [await servingCheck(session, signature, serving)])
  const checks = await checkModel({ signature, ways, probes, example, golden, also }).catch((error: unknown): ModelCheck[] => [
    { name: 'trial', ok: false, detail: `It could not be checked: ${error instanceof Error ? error.message : String(error)}.` },
  ])
  const known = { machine: machineSpeed(), ...(work ? { work } : {}) }
  if (format === 'onnx' && !choice) return { kind: 'checked', problem: problem ?? '', checks, ...known }
  return choice ? { kind: 'tried', choice, checks, ...known } : { kind: 'failed', code: undefined, detail: problem ?? '' }
}

/** What the trial needs of the form, which itself is let go: a large model is there as a file, encoded and opened besides. */
function preparedOf(task: TrialTask) {
  const { form, problem } = formOf(task)
  const work = form && (task.work ?? formWork(form))
  return { ways: waysOf(task, form), probes: form ? probesOf(form) : new Map(), work, problem }
}

/** Opens once, however often it is asked: what a process holds that ends with the trial need not be given back. */
function once(open: () => Promise<Session>): () => Promise<Session> {
  let opening: Promise<Session> | undefined
  return async () => {
    opening ??= open()
    const session = await opening
    return {
      run: (inputs, given) => session.run(inputs, given),
      ...(session.runSync ? { runSync: (inputs) => session.runSync!(inputs) } : {}),
      [Symbol.asyncDispose]: async () => {},
    }
  }
}

/** The form of a model, or for an ONNX model why it has none. */
function formOf({ format, entry, bytes, reading, noForm }: TrialTask): { form?: Form; problem?: string } {
  if (noForm !== undefined) return { problem: noForm }
  try {
    return { form: storedForm(format, bytes, { file: entry, reading }) }
  } catch (error) {
    if (format !== 'onnx') throw error
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

function waysOf({ format, bytes, signature }: TrialTask, form: Form | undefined): Way[] {
  const ways: Way[] = []
  if (form) {
    const compiled = { format: FORM_FORMAT, bytes: encodeForm(form), signature }
    ways.push({ runtime: 'compiled', words: 'the compiled form', open: once(() => runtimeFor(runtimes, compiled).open(compiled)) })
  }
  if (format === 'onnx') {
    const onnx = { format, bytes: loadableOnnx(bytes).bytes, signature }
    // first: the answers of the reference runtime count
    ways.unshift({ runtime: 'onnx', words: 'ONNX Runtime', open: once(() => runtimeFor(runtimes, onnx).open(onnx)) })
  }
  return ways
}

// nobody waits for the outcome any more
process.once('disconnect', () => process.exit())

process.once('message', (task: TrialTask) => {
  run(task)
    .catch((error: unknown): TrialOutcome => {
      const code = error instanceof FairleadError ? error.code : undefined
      return { kind: 'failed', code, detail: error instanceof Error ? error.message : String(error) }
    })
    .then((outcome) => process.send?.(outcome, () => process.disconnect()))
    .catch(() => process.exit(1))
})
