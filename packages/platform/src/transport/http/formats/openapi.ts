import type { Row } from '@fairlead/contract'

type Schema = Record<string, unknown>

/** The forms beside JSON. What their rows look like is told by the schemas of rows and predictions, column by column. */
export function otherContents(mediaTypes: readonly string[], what: 'Row' | 'Prediction', example?: Row): Schema {
  const words = (type: string) => {
    if (type === 'application/x-ndjson') return `A ${what} as JSON on every line.`
    return what === 'Row'
      ? 'A table with a column for each property of Row.'
      : 'A table with flat columns: properties of objects are named like probabilities_good.'
  }
  return Object.fromEntries(
    mediaTypes
      .filter((type) => type !== 'application/json')
      .map((type) => [
        type,
        {
          schema: { type: 'string', description: words(type), ...(type === 'text/csv' || type === 'application/x-ndjson' ? {} : { format: 'binary' }) },
          ...(example && type === 'application/x-ndjson' ? { example: `${JSON.stringify(example)}\n` } : {}),
        },
      ]),
  )
}

/** What a JSON answer says beside its predictions, where the answer is of another form. */
export const FACT_HEADERS = Object.fromEntries(
  ['Id', 'Deployment', 'Release'].map((name) => [
    `X-Fairlead-${name}`,
    { schema: { type: name === 'Release' ? 'integer' : 'string' }, description: 'In answers that are not JSON.' },
  ]),
)

/** What a request says in its query where its body is not JSON. */
export const QUERY = [
  { name: 'key', in: 'query', schema: { type: 'string', maxLength: 1000 }, description: 'As `key` of a JSON body, where the body is not JSON.' },
  {
    name: 'timeout',
    in: 'query',
    schema: { type: 'string', examples: ['250ms'] },
    description: 'As `parameters.timeout` of a JSON body, where the body is not JSON.',
  },
]
