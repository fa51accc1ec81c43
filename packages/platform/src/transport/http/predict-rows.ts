import { type Explanation, FairleadError, type ProblemItem } from '@fairlead/contract'
import { type InferenceAnswer, type InferenceRequest, type PredictionReply, type ReleasePlan, readPriority } from '../../domain/inference/index.ts'
import { nearestWord } from '../../kernel/suggestion.ts'
import { deadlineOf, priorityHeader, timeoutMs } from './deadline.ts'
import { failExchange } from './fail-exchange.ts'
import type { RowForms } from './formats/forms.ts'
import { MAX_KEY, type ReadRows, readOtherRows, readQuery } from './formats/read-rows.ts'
import { answerWriter, factHeaders, type WriteAnswer } from './formats/write-rows.ts'
import { readJson } from './json.ts'
import { KnownRows } from './known-forms/rows.ts'
import type { PredictCall } from './predict-call.ts'

const KEYS = ['rows', 'ids', 'key', 'parameters', 'explain'] as const
const MAX_ID = 200

interface RowsBody {
  rows: unknown
  ids: string[] | undefined
  key: string | undefined
  timeoutMs: number | undefined
  priority?: number | undefined
  explain?: boolean
}

function invalid(path: string, detail: string): FairleadError {
  const item: ProblemItem = { path, code: 'request-invalid', detail }
  return new FairleadError('request-invalid', `${path}: ${detail}`, { items: [item] })
}

function readBody(value: unknown): RowsBody {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FairleadError('request-invalid', 'the body must be an object like {"rows": [{…}]}')
  }
  const body = value as Record<string, unknown>
  for (const name in body) {
    if ((KEYS as readonly string[]).includes(name)) continue
    const near = nearestWord(name, KEYS)
    throw invalid(name, `there is no such key${near === undefined ? `; a row goes into "rows"` : `; did you mean "${near}"?`}`)
  }
  const { rows, ids, key, parameters, explain } = body
  if (ids !== undefined && ids !== null) checkIds(ids, rows)
  if (key !== undefined && key !== null && (typeof key !== 'string' || key.length > MAX_KEY))
    throw invalid('key', `text of at most ${MAX_KEY} characters is needed`)
  if (explain !== undefined && explain !== null && typeof explain !== 'boolean') throw invalid('explain', 'true or false is needed')
  return {
    rows,
    ...(explain === true ? { explain } : {}),
    ids: (ids as string[] | null | undefined) ?? undefined,
    key: (key as string | null | undefined) ?? undefined,
    ...readParameters(parameters),
  }
}

function checkIds(ids: unknown, rows: unknown): void {
  if (!Array.isArray(ids)) throw invalid('ids', 'an array with a text per row is needed')
  // with rows that are none there is nothing to name
  if (!Array.isArray(rows)) return
  if (rows.length !== ids.length) throw invalid('ids', `${ids.length} ids for ${rows.length} rows`)
  const seen = new Set<string>()
  for (const [i, id] of ids.entries()) {
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID) throw invalid(`ids[${i}]`, `text of 1 to ${MAX_ID} characters is needed`)
    if (seen.has(id)) throw invalid(`ids[${i}]`, `the id ${JSON.stringify(id)} stands twice`)
    seen.add(id)
  }
}

function readParameters(parameters: unknown): Pick<RowsBody, 'timeoutMs' | 'priority'> {
  if (parameters === undefined || parameters === null) return { timeoutMs: undefined }
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) throw invalid('parameters', 'an object is needed')
  for (const name of Object.keys(parameters)) {
    if (name !== 'timeout' && name !== 'priority') throw invalid(`parameters.${name}`, 'there is no such parameter; "timeout" and "priority" are all')
  }
  const { timeout, priority } = parameters as Record<string, unknown>
  return {
    timeoutMs: timeout === undefined ? undefined : timeoutMs(timeout, 'parameters.timeout'),
    priority: priority === undefined ? undefined : readPriority(priority, 'parameters.priority'),
  }
}

/** Refuses more rows than the release takes in one request. */
export function checkRowCount(rows: number, serving: ReleasePlan): void {
  const { maxRows } = serving.release.settings
  if (rows > maxRows) throw new FairleadError('rows-too-many', `${rows} rows in one request, at most ${maxRows} are taken`)
}

/** A body has an object for each row and two besides; one with more is refused before they are made. */
function checkObjectCount(objects: number, serving: ReleasePlan): void {
  const { maxRows } = serving.release.settings
  if (objects > maxRows + 2) throw new FairleadError('rows-too-many', `more than ${maxRows} rows in one request, at most ${maxRows} are taken`)
}

/** What the row interface makes of a release, once. */
interface Face {
  reader: KnownRows
  /** What stands between the id of an answer and its predictions. */
  middle: string
}

const FACES = new WeakMap<ReleasePlan, Face>()

function faceOf(serving: ReleasePlan): Face {
  let face = FACES.get(serving)
  if (!face) {
    const { deployment, number } = serving.release
    face = { reader: new KnownRows(serving), middle: `","deployment":"${deployment}","release":${number},"predictions":` }
    FACES.set(serving, face)
  }
  return face
}

/** What a body of rows says, as the model and the middle take it. */
type Parsed = Omit<RowsBody, 'rows'> & ReadRows

/** The model's tensors and what else a body says: straight from its bytes where it is of the plainest form, else through JSON values. */
function readRows(body: Buffer, serving: ReleasePlan, { reader }: Face): Parsed {
  const plain = reader.read(body)
  if (plain) return { ...plain, ids: undefined, key: undefined, timeoutMs: undefined }
  const parsed = readBody(readJson(body, { exact: serving.rows.exactIntegers, checkObjects: (objects) => checkObjectCount(objects, serving) }))
  if (Array.isArray(parsed.rows)) checkRowCount(parsed.rows.length, serving)
  const inputs = serving.rows.decode(parsed.rows)
  const rows = parsed.rows as Record<string, unknown>[]
  reader.learn(rows[0]!)
  return { ...parsed, inputs, rows: rows.length }
}

/** What a body in another form than JSON says, read for the release that answers when it has been read. */
async function readOther(
  body: Buffer,
  forms: RowForms,
  { options: { inference }, exchange, deployment, release }: PredictCall,
): Promise<{ serving: ReleasePlan; parsed: Parsed }> {
  const said = readQuery(exchange.target)
  for (;;) {
    const serving = inference.resolve(deployment, release)
    const read = await readOtherRows(body, forms.body, serving)
    // another release may have taken over while a table was read
    if (inference.resolve(deployment, release).release === serving.release) return { serving, parsed: { ...read, ids: undefined, ...said } }
  }
}

/** What follows the predictions where explanations were asked for. */
function explanationsText(explanations: readonly Explanation[]): string {
  const finite = (_: string, value: unknown): unknown => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)
  return `,"explanations":${JSON.stringify(explanations, finite)}`
}

/** The request that a body makes. Throws for headers that say nothing sensible. */
function requestOf({ exchange, deployment, release, caller }: PredictCall, serving: ReleasePlan, parsed: Parsed): InferenceRequest {
  const { headers, head } = exchange
  return {
    id: exchange.predictionId,
    requestId: head.sentId,
    deployment,
    release,
    rows: parsed.rows,
    inputs: parsed.inputs,
    ids: parsed.ids,
    key: parsed.key,
    explain: parsed.explain,
    deadline: deadlineOf(serving.release.settings.deadlineMs, headers['x-request-timeout'], parsed.timeoutMs),
    priority: parsed.priority ?? priorityHeader(headers['x-request-priority']),
    caller,
    traceId: head.traceId,
    interface: 'rows',
    receivedAt: exchange.receivedAt,
    parsedAt: performance.now(),
  }
}

/** Answers `POST /v1/deployments/{name}/predict` in JSON, its body of JSON being read. Throws the error to answer, unless it comes later. */
export function answerRows(call: PredictCall, body: Buffer): undefined {
  const { options, exchange, deployment, release } = call
  const { inference } = options
  let rows = 0
  let serving: ReleasePlan
  let request: InferenceRequest
  try {
    serving = inference.resolve(deployment, release)
    const parsed = readRows(body, serving, faceOf(serving))
    rows = parsed.rows
    request = requestOf(call, serving, parsed)
  } catch (error) {
    inference.failed(deployment, error, { release, rows, receivedAt: exchange.receivedAt })
    throw error
  }
  inference.answer(request, serving, new JsonReply(call, serving, rows))
}

/** Writes predictions as JSON. */
class JsonReply implements PredictionReply {
  readonly #call: PredictCall
  readonly #serving: ReleasePlan
  readonly #rows: number
  #text = ''

  constructor(call: PredictCall, serving: ReleasePlan, rows: number) {
    this.#call = call
    this.#serving = serving
    this.#rows = rows
  }

  render(answer: InferenceAnswer): void {
    const head = `{"id":"${this.#call.exchange.predictionId}${faceOf(this.#serving).middle}`
    const predictions = this.#serving.answers.write(answer.outputs, this.#rows)
    this.#text = answer.explanations ? `${head}${predictions}${explanationsText(answer.explanations)}}` : `${head}${predictions}}`
  }

  done({ explanations }: InferenceAnswer): void {
    const { exchange, options } = this.#call
    try {
      if (this.#serving.answers.ascii && !explanations) exchange.asciiJson(200, this.#text)
      else exchange.json(200, this.#text)
    } catch (error) {
      failExchange(exchange, error, options)
    }
  }

  failed(error: unknown): void {
    const { exchange, options } = this.#call
    failExchange(exchange, error, options)
  }
}

/** Answers `POST /v1/deployments/{name}/predict` in any forms, its body being read. Rejects with the error to answer. */
export async function predictRows(call: PredictCall, forms: RowForms, body: Buffer): Promise<void> {
  const { options, exchange, deployment, release } = call
  const { inference } = options
  let rows = 0
  let serving: ReleasePlan
  let request: InferenceRequest
  let write: WriteAnswer | undefined
  try {
    if (forms.answer.kind !== 'json') write = await answerWriter(forms.answer)
    let parsed: Parsed
    if (forms.body.kind === 'json') {
      serving = inference.resolve(deployment, release)
      parsed = readRows(body, serving, faceOf(serving))
    } else ({ serving, parsed } = await readOther(body, forms, call))
    rows = parsed.rows
    if (parsed.explain && write) throw invalid('explain', 'explanations are answered in JSON alone; ask for it with Accept: application/json')
    request = requestOf(call, serving, parsed)
  } catch (error) {
    inference.failed(deployment, error, { release, rows, receivedAt: exchange.receivedAt })
    throw error
  }
  if (!write) {
    inference.answer(request, serving, new JsonReply(call, serving, rows))
    return
  }
  const writeAnswer = write
  const facts = { id: request.id, deployment, release: serving.release.number }
  const parts: Uint8Array[] = []
  await inference.predict(request, serving, (answer) => void parts.push(writeAnswer(serving, answer.outputs, { rows, facts })))
  exchange.bytes(200, { type: forms.answer.mediaType, parts, more: factHeaders(facts) })
}
