/** What a right answer says: the class and its probabilities; that its body ends in these bytes; or one tensor of these values. */
export type Expectation = { label: number; probabilities: number[] } | { bytes: Uint8Array } | { values: Float32Array }

interface Row {
  label: unknown
  probabilities: number[] | number[][] | Record<string, number>
}

/** The forms in which servers answer, apart from a bare list of rows: rows, columns, tensors, or a row by itself. */
interface Answer extends Partial<Row> {
  predictions?: Row[] | Row
  outputs?: { name: string; data: unknown[] }[] | Row
}

const FAR = 1e-6

/** Says what is wrong with the body of an answer; undefined when it is right. */
export function differs(body: Buffer, expect: Expectation): string | undefined {
  if ('bytes' in expect) {
    const { bytes } = expect
    return body.length >= bytes.length && body.subarray(body.length - bytes.length).equals(bytes) ? undefined : `other bytes than the ${bytes.length} expected`
  }
  const answer = parsed(body)
  if ('values' in expect) return differsInValues(answer, expect.values)
  const row = rowOf(answer)
  const label = first(row?.label)
  if (label === undefined || Number(label) !== expect.label) return `label ${label} where ${expect.label} is right`
  const probabilities = numbers(row?.probabilities)
  const far =
    probabilities.length !== expect.probabilities.length || expect.probabilities.some((value, at) => !(Math.abs(value - (probabilities[at] as number)) <= FAR))
  return far ? `probabilities ${probabilities} where ${expect.probabilities} are right` : undefined
}

function differsInValues(answer: Answer | Row[] | undefined, values: Float32Array): string | undefined {
  const data = answer && 'outputs' in answer && Array.isArray(answer.outputs) ? answer.outputs[0]?.data : undefined
  const same = data?.length === values.length && values.every((value, at) => data[at] === value)
  return same ? undefined : `other values than the ${values.length} expected`
}

function parsed(body: Buffer): Answer | Row[] | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as Answer | Row[]
  } catch {
    return undefined
  }
}

function rowOf(answer: Answer | Row[] | undefined): Partial<Row> | undefined {
  if (Array.isArray(answer)) return answer[0]
  const { predictions, outputs } = answer ?? {}
  if (predictions) return Array.isArray(predictions) ? predictions[0] : predictions
  if (!outputs) return answer
  if (!Array.isArray(outputs)) return outputs
  const of = (name: string): unknown[] | undefined => outputs.find((output) => output.name === name)?.data
  return { label: of('label'), probabilities: (of('probabilities') ?? []) as number[] }
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? first(value[0]) : value
}

function numbers(value: Row['probabilities'] | undefined): number[] {
  return value === undefined || value === null ? [] : (Object.values(value).flat(2) as number[])
}
