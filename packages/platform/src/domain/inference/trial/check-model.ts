import type { Row, Signature } from '@fairlead/contract'
import type { GoldenRows, ModelCheck } from '@fairlead/contract/control'
import { compareGolden } from '../checks.ts'
import { RowsPlan } from '../rows.ts'
import { sizeOf, sliceAll } from '../tensors.ts'
import type { Session, Tensors } from '../types.ts'
import { compareAnswers } from './agreement.ts'
import { type ColumnProbes, madeRows } from './made-rows.ts'
import { fixedRowsOf, type RowAnswer, rowAnswers, tensorAnswers } from './row-answers.ts'
import type { Way } from './try-ways.ts'

/** A model with the rows that came with it. */
export interface CheckedModel {
  signature: Signature
  /** The way whose answers count, first. */
  ways: readonly Way[]
  /** Values by which the model decides, by tensor. */
  probes: ReadonlyMap<string, readonly ColumnProbes[]>
  example: readonly Row[]
  golden: GoldenRows | undefined
  /** A further look at the model as it runs. */
  also?: ((session: Session) => Promise<ModelCheck[]>) | undefined
}

/** Made-up rows that are run twice, and the numbers in them: models of pictures take many for one row. */
const MADE = 128
const MOST_NUMBERS = 2_000_000
/** Rows that came with the model and are run twice, or as examples; golden rows are run so many at a time, as long as there is time. */
const MOST_GIVEN = 512
const GOLDEN_MS = 8000

/**
 * What running a model shows before anybody deploys it: whether the same rows get the same answers when they are sent again, by each way;
 * whether its example rows run and its golden rows get the answers that were recorded. A way that does not open is left out.
 */
export async function checkModel({ ways, also, ...model }: CheckedModel): Promise<ModelCheck[]> {
  const found: ModelCheck[] = []
  const again: Repeated[] = []
  for (const way of ways) {
    const session = await way.open().catch(() => undefined)
    if (!session) continue
    try {
      const repeated = await repeatedRuns(session, way.words, model)
      if (repeated) again.push(repeated)
      if (found.length === 0) found.push(...(await givenRows(session, model)), ...((await also?.(session)) ?? []))
    } finally {
      await session[Symbol.asyncDispose]()
    }
  }
  return [...determinism(again), ...found]
}

type Model = Omit<CheckedModel, 'ways' | 'also'>
type Repeated = { rows: number; largest: number; difference: string | undefined }

/** The same rows twice; absent where the model takes none of them. */
async function repeatedRuns(session: Session, words: string, model: Model): Promise<Repeated | undefined> {
  let [rows, largest] = [0, 0]
  for (const tensors of rowsToRepeat(model)) {
    const [first, second] = [await tensorAnswers(session, tensors), await tensorAnswers(session, tensors)]
    if (!first && !second) continue
    rows += Object.values(tensors)[0]?.shape[0] ?? 0
    if (!first || !second) return { rows, largest, difference: `by ${words} the same rows were once answered and once refused` }
    const compared = compareAnswers(first, second, ['the first time', 'the second'])
    largest = Math.max(largest, compared.largest)
    if (compared.difference !== undefined) return { rows, largest, difference: `by ${words}, ${compared.difference}` }
  }
  return rows === 0 ? undefined : { rows, largest, difference: undefined }
}

/** What came with the model and what is made up, each at once; and some of the latter one by one, since one that is refused hides the others. */
function* rowsToRepeat({ signature, probes, example, golden }: Model): Generator<Tensors> {
  const fixed = fixedRowsOf(signature)
  const given = [...example, ...(golden?.rows ?? [])].slice(0, MOST_GIVEN)
  const rows = fixed === undefined && given.length > 0 ? decoded(signature, given) : undefined
  if (rows) yield rows
  const wide = signature.inputs.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1).map((size) => (size < 0 ? 3 : size))), 0)
  const count = fixed ?? Math.max(1, Math.min(MADE, Math.floor(MOST_NUMBERS / Math.max(1, wide))))
  if (count * wide > MOST_NUMBERS * 10) return
  const made = madeRows(signature, probes, count)
  yield made
  if (fixed === undefined) for (let row = 0; row < Math.min(count, 8); row++) yield sliceAll(made, row, row + 1)
}

function decoded(signature: Signature, rows: readonly Row[]): Tensors | undefined {
  try {
    return new RowsPlan(signature, { extraColumns: 'ignore', unknownValues: 'pass' }).decode(rows)
  } catch {
    return undefined
  }
}

function determinism(again: readonly Repeated[]): ModelCheck[] {
  if (again.length === 0) return []
  const apart = again.find(({ difference }) => difference !== undefined)
  if (apart) return [{ name: 'determinism', ok: false, detail: `The same rows get other answers when they are sent again: ${apart.difference}.` }]
  const largest = Math.max(...again.map((one) => one.largest))
  const words = largest === 0 ? 'to the last bit' : `within ${largest.toPrecision(2)}`
  return [{ name: 'determinism', ok: true, detail: `${Math.max(...again.map(({ rows }) => rows))} rows got the same answers twice, ${words}.` }]
}

/** Example and golden rows, as a deployment asks them. */
async function givenRows(session: Session, { signature, example, golden }: Model): Promise<ModelCheck[]> {
  const asked = { signature, session }
  const checks: ModelCheck[] = []
  if (example.length > 0) {
    const answers = await rowAnswers(asked, example.slice(0, MOST_GIVEN))
    const at = answers.findIndex((one) => 'problem' in one)
    const refused = answers[at]
    const detail =
      refused && 'problem' in refused
        ? `Example row ${at} does not run: ${refused.problem}`
        : answers.length === 1
          ? 'The example row runs.'
          : `${answers.length} example rows run.`
    checks.push({ name: 'example', ok: at < 0, detail })
  }
  if (golden) checks.push(await goldenCheck(asked, golden))
  return checks
}

async function goldenCheck(asked: { signature: Signature; session: Session }, { rows, predictions, tolerance }: GoldenRows): Promise<ModelCheck> {
  const until = performance.now() + GOLDEN_MS
  const answers: RowAnswer[] = []
  while (answers.length < rows.length && (answers.length === 0 || performance.now() < until))
    answers.push(...(await rowAnswers(asked, rows.slice(answers.length, answers.length + MOST_GIVEN))))
  const at = answers.findIndex((one) => 'problem' in one)
  const refused = answers[at]
  if (refused && 'problem' in refused) return { name: 'golden', ok: false, detail: `Golden row ${at} does not run: ${refused.problem}` }
  // steps of a deployment add fields, and golden answers may have them
  const own = new Set(asked.signature.fields.map(({ name }) => name))
  const expected = predictions.slice(0, answers.length).map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => own.has(name))))
  const compared = Math.max(0, ...expected.map((row) => Object.keys(row).length))
  if (compared === 0)
    return { name: 'golden', ok: false, detail: `None of the fields that the golden rows expect is the model's; it has ${[...own].join(', ')}.` }
  const { detail, largest } = compareGolden(
    { predictions: expected, tolerance },
    answers.map((one) => ('answer' in one ? one.answer : undefined)),
  )
  if (detail !== undefined) return { name: 'golden', ok: false, detail: `Golden rows get other answers, and a deployment is refused: ${detail}.` }
  return { name: 'golden', ok: true, detail: `${countOf(answers.length, rows.length)} golden rows get their answers, within ${largest.toPrecision(2)}.` }
}

/** How many of the rows were run, where time did not allow for all. */
function countOf(run: number, all: number): string {
  return run === all ? String(all) : `The first ${run} of ${all}`
}
