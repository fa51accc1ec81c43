import { FairleadError } from '@fairlead/contract'
import type { Inference, ReleasePlan, Table, Tensors } from '../../../domain/inference/index.ts'
import { deadlineOf, priorityHeader } from '../deadline.ts'
import { csvCodec } from '../formats/csv.ts'
import type { FormChoice } from '../formats/forms.ts'
import type { PredictCall } from '../predict-call.ts'
import { checkRowCount } from '../predict-rows.ts'
import { bodyAnswer, bodyTable, bodyTensors, goesAsItIs } from './body.ts'
import { unreadable } from './cast.ts'
import { castTable } from './cast-frame.ts'
import type { ScoringType } from './content-type.ts'
import { type NonFinite, predictionsText } from './predictions.ts'
import { readScoringBody } from './read-body.ts'

/** Clients of which it is known that they read NaN and Infinity in JSON. */
const READS_TOKENS = /^(?:mlflow|python|aiohttp)/i

/** A scoring request whose content type is known. */
export interface ScoringCall extends PredictCall {
  type: ScoringType
  forms: FormChoice
}

function badTable(why: string): FairleadError {
  return unreadable(
    `Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid CSV-formatted Pandas DataFrame produced using the \`pandas.DataFrame.to_csv()\` method. Error: '${why}'`,
  )
}

async function readTable(body: Buffer, { type, forms }: ScoringCall, { release }: ReleasePlan): Promise<Table> {
  const { columns } = release.signature
  if (type === 'text/csv' && columns.some(({ shape = [] }) => shape.length > 0)) throw badTable('tensors cannot come as CSV')
  try {
    const codec = type === 'text/csv' ? csvCodec : await forms.codec(type)
    const table = await codec.read(body, { columns, maxRows: release.settings.maxRows })
    return castTable(table, columns, badTable)
  } catch (error) {
    throw error instanceof FairleadError && error.status === 400 && error.code !== 'request-invalid' ? badTable(error.message) : error
  }
}

/** The model's tensors, or none for a table without rows. */
function tensorsOf(table: Table, plan: ReleasePlan): Tensors | undefined {
  checkRowCount(table.rows, plan)
  return table.rows === 0 ? undefined : plan.rows.decodeTable(table)
}

function nonFiniteOf(target: string, userAgent: string | undefined): NonFinite {
  const asked = new URLSearchParams(target.split('?')[1] ?? '').get('nonfinite')
  if (asked === 'tokens' || asked === 'null') return asked
  if (asked !== null) throw unreadable('the parameter "nonfinite" must be tokens or null')
  return READS_TOKENS.test(userAgent ?? '') ? 'tokens' : 'null'
}

/** Answers `POST …/invocations`, its body being read. Rejects with the error to answer. */
export async function score(call: ScoringCall, body: Buffer): Promise<void> {
  const { options, exchange, deployment, release, caller, type } = call
  const { inference } = options
  const { receivedAt, predictionId: id, headers } = exchange
  let rows = 0
  let plan: ReleasePlan
  let inputs: Tensors | undefined
  let request: Parameters<Inference['predict']>[0]
  let nonFinite: NonFinite
  let bodies = false
  try {
    nonFinite = nonFiniteOf(exchange.target, headers['user-agent'])
    const { signature } = inference.resolve(deployment, release).release
    bodies = goesAsItIs(signature, body)
    const table = bodies ? bodyTable(body, type) : type === 'application/json' ? undefined : await readTable(body, call, inference.resolve(deployment, release))
    plan = inference.resolve(deployment, release)
    const { columns } = plan.release.signature
    const { maxRows } = plan.release.settings
    const read = table ?? readScoringBody(body, { columns, maxRows, exactIntegers: plan.rows.exactIntegers })
    rows = read.rows
    inputs = bodies ? bodyTensors(read) : tensorsOf(read, plan)
    const deadline = deadlineOf(plan.release.settings.deadlineMs, headers['x-request-timeout'])
    request = {
      id,
      requestId: exchange.head.sentId,
      deployment,
      release,
      rows,
      inputs: inputs ?? {},
      ids: undefined,
      key: undefined,
      deadline,
      priority: priorityHeader(headers['x-request-priority']),
      caller,
      traceId: exchange.head.traceId,
      interface: 'mlflow',
      receivedAt,
      parsedAt: performance.now(),
    }
  } catch (error) {
    inference.failed(deployment, error, { release, rows: 0, receivedAt })
    throw error
  }
  let text = '[]'
  if (bodies) {
    const said = { status: 500, text: '' }
    await inference.predict(request, plan, (answer) => void Object.assign(said, bodyAnswer(answer.outputs)))
    exchange.json(said.status, said.text, ['X-Fairlead-Id', id])
    return
  }
  if (inputs) {
    await inference.predict(request, plan, (answer) => {
      text = predictionsText(plan, answer.outputs, { rows, nonFinite })
    })
  }
  exchange.json(200, `{"predictions":${text}}`, ['X-Fairlead-Id', id])
}
