/**
 * What the client is asked in every runtime, as a program that sets `globalThis.outcome`: rows, a stream of rows, tensors,
 * readiness, a refusal, a deadline and an abort. `row` goes to the deployment credit-risk of the platform at `globalThis.http`.
 */
export function clientProgram(row: object): string {
  return `
import { createClient } from '@fairlead/client'
const row = ${JSON.stringify(row)}
const texts = (name) => ({ name, datatype: 'BYTES', shape: [1], data: [row[name]] })
const wholes = (name) => ({ name, datatype: 'INT64', shape: [1], data: BigInt64Array.of(BigInt(row[name])) })
async function main() {
  const client = createClient({ url: globalThis.http, compressAbove: 2000 })
  const { predictions } = await client.predict('credit-risk', row)
  const stream = new ReadableStream({
    start(out) {
      for (let n = 0; n < 250; n++) out.enqueue(row)
      out.close()
    },
  })
  let rows = 0
  for await (const one of client.predictMany('credit-risk', stream, { batchRows: 100 })) if (one.index === rows) rows++
  const inputs = Object.keys(row).map((name) => (typeof row[name] === 'string' ? texts(name) : wholes(name)))
  const { tensors } = await client.infer('credit-risk', { inputs })
  const share = tensors.output_probability.data
  const refusal = await client.predict('credit-risk', { ...row, age: 7 }).catch((error) => [error.name, error.status, error.code, error.row, error.errors[0].path])
  const unknown = await client.ready('nobody').catch((error) => error.status)
  const gone = await createClient({ url: 'http://127.0.0.1:9', retries: 0 }).predict('a', {}).catch((error) => error.code)
  const aborted = await client.predict('credit-risk', row, { signal: AbortSignal.abort(new Error('enough')) }).catch((error) => error.message)
  return {
    good: predictions[0].probabilities.good,
    rows,
    kind: share.constructor.name,
    share: share[1],
    ready: [await client.ready(), await client.ready('credit-risk'), unknown],
    refusal,
    gone,
    aborted,
  }
}
globalThis.outcome = main().catch((error) => ({ failed: String(error && error.stack) }))
`
}

/** What it must come to. */
export function expectedOutcome(good: number): object {
  return {
    good,
    rows: 250,
    kind: 'Float32Array',
    share: Math.fround(good),
    ready: [true, true, 404],
    refusal: ['PredictionError', 422, 'value-range', 0, 'rows[0].age'],
    gone: 'unreachable',
    aborted: 'enough',
  }
}
