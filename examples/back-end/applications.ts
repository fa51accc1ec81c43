import { readCsv } from './csv.ts'
import type { CreditRiskRow } from './deployments.ts'

/** Columns that hold numbers; all others are text. */
const NUMBERS: ReadonlySet<string> = new Set(['age', 'job', 'credit_amount', 'duration'] satisfies (keyof CreditRiskRow)[])

/** Loan applications of a CSV file with a header. Whether they fit is for the platform to say: it knows ranges and allowed values. */
export async function* applications(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CreditRiskRow> {
  let header: string[] | undefined
  for await (const values of readCsv(chunks)) {
    if (!header) {
      header = values
      continue
    }
    if (values.length !== header.length)
      throw new Error(`a line has ${values.length} values and the header ${header.length}: ${values.join(',').slice(0, 100)}`)
    const entries = header.map((name, at): [string, unknown] => [name, NUMBERS.has(name) ? Number(values[at] || Number.NaN) : values[at]])
    yield Object.fromEntries(entries) as unknown as CreditRiskRow
  }
}
